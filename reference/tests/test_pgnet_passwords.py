"""Passwords: what is kept of them, and whose turn it is to have one checked."""

import asyncio
from hashlib import sha256
from threading import Event

import pytest
from nacl.pwhash import argon2id

from tests.helpers_reference import covers
from wirebook.reference.pgnet.desk import Busy, Desk
from wirebook.reference.pgnet.passwords import (
    LEAST_COST,
    Cost,
    OldHash,
    is_argon2id,
    keep,
    proves,
)


@covers("PGN-SAV-003")
def test_what_is_kept_is_argon2id() -> None:
    """The string has the form of the book, another salt each time, and proves the password."""
    kept = [keep("pä$$", LEAST_COST) for _ in range(2)]
    assert kept[0] != kept[1]
    for each in kept:
        assert each is not None
        assert is_argon2id(each)
        assert proves(each, "pä$$")
        for wrong in ("", "pa$$", "pä$$ ", "x" * 1000):
            assert not proves(each, wrong)


@covers("PGN-SAV-003")
def test_the_usual_cost_is_high() -> None:
    """By default a guess takes what libsodium recommends at least."""
    cost = Cost()
    assert cost.memory >= argon2id.MEMLIMIT_INTERACTIVE
    assert cost.operations >= argon2id.OPSLIMIT_INTERACTIVE
    kept = keep("x", cost)
    assert kept is not None
    assert f"m={cost.memory // 1024},t={cost.operations}," in kept


def test_empty_passwords() -> None:
    """None stands for the empty password, and for no other."""
    assert keep("", LEAST_COST) is None
    assert proves(None, "")
    assert not proves(None, "x")


def test_hashes_of_the_original() -> None:
    """SHA-256 of salt and password, in hexadecimal."""
    old = OldHash("5a17", sha256("5a17pä$$".encode()).hexdigest())
    assert proves(old, "pä$$")
    assert not proves(old, "pa$$")
    assert proves(OldHash("s", sha256(b"s").hexdigest().upper()), "")
    assert not proves(OldHash("", ""), "")
    assert not proves(OldHash("ß", "ß"), "")
    assert "5a17" not in repr(old)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "$argon2i$v=19$m=8,t=1,p=1$jQJTxvzpohQ7str/HNoCcg$tdWiwSxFTo1w+Xz4VL6lqybiKbbgZjod4rid",
        "$argon2id$v=19$m=99999999,t=1,p=1$jQJTxvzpohQ7str/HNoCcg$tdWiwSxFTo1w+Xz4VL6lqybiKbbg",
        "$argon2id$v=19$m=8,t=1,p=1$$",
    ],
)
def test_other_strings_are_not_argon2id(text: str) -> None:
    """They prove nothing, and do no harm."""
    assert not is_argon2id(text)
    assert not proves(text, "x")


class Held:
    """Work at a desk that goes on until it is let go."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.done: list[str] = []
        self.go = Event()

    def submit(self, name: str) -> asyncio.Task[None]:
        """Let somebody stand in line; the address is all but the last character."""

        def work() -> None:
            assert self.go.wait(10.0)
            self.done.append(name)

        return asyncio.create_task(self.desk.run(name[:-1], work))


async def settled() -> None:
    """Let everybody get in line."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_addresses_take_turns() -> None:
    """One address with many logins does not hold up another."""

    async def run() -> list[str]:
        desk = Desk(1, 100)
        held = Held(desk)
        tasks = [held.submit(name) for name in ("a0", "a1", "a2", "a3", "b1", "b2", "c1")]
        await settled()
        assert desk.waiting == 6
        held.go.set()
        await asyncio.gather(*tasks)
        desk.close()
        return held.done

    assert asyncio.run(run()) == ["a0", "a1", "b1", "c1", "a2", "b2", "a3"]


def test_lines_are_limited() -> None:
    """With too many in line, the newcomer goes, or the last of the longest line."""

    async def run() -> tuple[list[str], list[str]]:
        desk = Desk(1, 4)
        held = Held(desk)
        names = ["a0", "a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "c1"]
        tasks = [held.submit(name) for name in names]
        await settled()
        assert desk.waiting == 4
        held.go.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        desk.close()
        pairs = zip(names, results, strict=True)
        return held.done, [name for name, result in pairs if isinstance(result, Busy)]

    done, refused = asyncio.run(run())
    assert sorted(done + refused) == ["a0", "a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "c1"]
    assert len(refused) == 5
    assert {"b1", "c1"} <= set(done)


def test_who_leaves_the_line_gives_up_the_turn() -> None:
    """A login whose connection has ended holds up nobody."""

    async def run() -> list[str]:
        desk = Desk(1, 10)
        held = Held(desk)
        tasks = [held.submit(name) for name in ("a0", "b1", "c1", "d1")]
        await settled()
        tasks[1].cancel()
        await settled()
        held.go.set()
        await tasks[0]
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert desk.waiting == 0
        await desk.run("e", lambda: None)
        desk.close()
        return held.done

    assert set(asyncio.run(run())) >= {"a0", "d1"}
