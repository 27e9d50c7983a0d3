"""`wirebook mutants` and the bank it tries: complete, alive, and what the site says of it is true.

What may live here: what can be said of all mutants without running the suite on them, and a few
trials from beginning to end. The sweep of a larger sample is a step of its own of the CI.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wirebook.commands import sensitivity
from wirebook.conformance.mutation import kills
from wirebook.conformance.mutation.trial import Broken, Report, Trial
from wirebook.reference import mutants
from wirebook.spec import books, requirements

WIREBOOK = Path(sys.executable).with_name("wirebook")
CHECKOUT = Path(__file__).parents[2]
REQUIREMENTS = requirements.load()
BOOKS = books.names()
BANK = {book: mutants.mutants(book) for book in BOOKS}
FORM = {"packetmq": r"PMQ-M\d{3}", "pgnet": r"PGN-M\d{3}", "pygase": r"PGS-M\d{3}"}


def wirebook(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [str(WIREBOOK), *arguments], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize("book", BOOKS)
def test_every_mandatory_requirement_has_a_mutant(book: str) -> None:
    """What must be and shows, on the wire or on the core, is broken by at least one mutant."""
    broken = {one.requirement for one in BANK[book]}
    assert [
        one.id
        for one in REQUIREMENTS.values()
        if one.book == book and one.level in ("MUST", "MUST NOT")
        if {"wire", "model"} & set(one.verify) and one.id not in broken
    ] == []


def test_there_are_enough() -> None:
    """The bank is no sample."""
    assert sum(map(len, BANK.values())) >= 150


@pytest.mark.parametrize("book", BOOKS)
def test_what_mutants_say_of_themselves(book: str) -> None:
    """A mutant has an ID of its book, breaks a rule that there is, and says so in one sentence."""
    for one in BANK[book]:
        assert re.fullmatch(FORM[book], one.id), one
        assert REQUIREMENTS[one.requirement].book == book, one
        assert re.fullmatch(r"[A-Z0-9`“].*\.", one.sentence), one
        assert len(one.sentence) <= 160, one


@pytest.mark.parametrize("book", BOOKS)
def test_every_mutant_can_be_applied(book: str) -> None:
    """What a mutant replaces is still there: none has been left behind by the reference."""

    def nothing(_: Broken, __: Report) -> None:
        """Only apply it."""

    wrong = {}
    for one in BANK[book]:
        broken = Broken(one.id, book, one.requirement, one.sentence, one.role)
        trial = Trial(broken, "wirebook.reference.mutants:apply", nothing)
        trial.wait(60.0)
        if trial.output():
            wrong[one.id] = trial.output().splitlines()[-1]
        trial.close()
    assert wrong == {}


@pytest.fixture(scope="module")
def tried() -> dict[str, Any]:
    """Give what the command says of one mutant of each book."""
    chosen = [BANK[book][0].id for book in BOOKS]
    done = wirebook("mutants", *chosen, "--json", "--exit-first")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_matrix(tried: dict[str, Any]) -> None:
    """The result for scripts: what was tried, killed, and left alive, and each case's verdict."""
    chosen = sorted(BANK[book][0].id for book in BOOKS)
    assert (tried["mutants"], tried["killed"]) == (chosen, chosen)
    assert (tried["survivors"], tried["unrelated"], tried["without"]) == ([], [], [])
    for name, row in tried["matrix"].items():
        assert "fail" in row["cases"].values(), name


def test_list() -> None:
    """The list names each mutant with its sentence."""
    done = wirebook("mutants", "--list")
    assert done.stdout.count("\n") == sum(map(len, BANK.values()))
    assert BANK["pygase"][0].sentence in done.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["PGS-M000"], '"PGS-M000" is no book and no mutant'),
        (["--record", "--sample", "3"], "--record wants whole books"),
        (["--record", "--exit-first"], "--record wants whole books"),
    ],
)
def test_misuse(arguments: list[str], complaint: str) -> None:
    """What makes no sense is refused in one line, before anything is run."""
    done = wirebook("mutants", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_mutant_is_not_served() -> None:
    """`wirebook serve` refuses a mutant that there is not, and hints at one."""
    done = wirebook("serve", "pygase", "--mutant", "PGS-M000")
    assert done.returncode == 2
    assert "no mutant 'PGS-M000'" in done.stderr


@pytest.mark.parametrize("book", BOOKS)
def test_recorded_vectors_are_those_of_the_bank(book: str) -> None:
    """The kill vectors name the mutants as the bank has them, and each has been killed."""
    recorded = kills.load(book)
    assert [(one.id, one.requirement, one.sentence) for one in recorded] == [
        (one.id, one.requirement, one.sentence) for one in BANK[book]
    ]
    assert [one.id for one in recorded if not one.failed] == []


def test_page_says_what_was_recorded() -> None:
    """The page of the site, and its data, are made from the kill vectors."""
    assert (CHECKOUT / sensitivity.PAGE).read_text("utf-8") == sensitivity.page()
    assert (CHECKOUT / sensitivity.DATA).read_text("utf-8") == sensitivity.data()
