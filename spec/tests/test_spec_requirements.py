"""Requirements as they are read from prose, and every way in which prose can break the rules."""

from pathlib import Path

import pytest

from wirebook.spec import books, requirements
from wirebook.spec.requirements import ExtractionError, Requirement, extract

GOOD = """\
A receiver MUST discard it,
whatever it is.
{ #PGS-ABC-001 .req data-role="receiver" data-verify="vector wire" }
"""


def extracted(folder: Path, *pages: str) -> dict[str, Requirement]:
    """Return the requirements of a book that has these pages."""
    (folder / "pygase").mkdir()
    for number, page in enumerate(pages):
        (folder / "pygase" / f"page-{number}.md").write_text(page, encoding="utf-8")
    return extract(folder, "pygase")


def problems(folder: Path, *pages: str) -> list[str]:
    """Return what is wrong with these pages, one line for each problem."""
    with pytest.raises(ExtractionError) as caught:
        extracted(folder, *pages)
    return str(caught.value).splitlines()


def requirement(text: str, **attributes: str) -> str:
    """Return a requirement with this text; the attributes replace those of a good one."""
    given = {"id": "PGS-ABC-001", "role": "both", "verify": "wire"} | attributes
    name = given.pop("id")
    listed = " ".join(f'data-{key}="{value}"' for key, value in given.items() if value)
    return f"{text}\n{{ #{name} .req {listed} }}\n"


def test_requirement_is_read_with_everything(tmp_path: Path) -> None:
    """Text, level, roles, checks and place are what the prose says."""
    found = extracted(tmp_path, f"# Chapter\n\n## Section\n\n{GOOD}")
    assert found == {
        "PGS-ABC-001": Requirement(
            id="PGS-ABC-001",
            book="pygase",
            text="A receiver MUST discard it, whatever it is.",
            level="MUST",
            roles=("receiver",),
            verify=("vector", "wire"),
            reason="",
            chapter="Chapter",
            page="pygase/page-0",
            heading="Section",
            line=5,
        )
    }
    assert found["PGS-ABC-001"].anchor == "PGS-ABC-001"


@pytest.mark.parametrize("level", requirements.LEVELS)
def test_every_level_is_known(tmp_path: Path, level: str) -> None:
    """The key word of the paragraph is the level of the requirement."""
    found = extracted(tmp_path, requirement(f"It {level} do so."))
    assert found["PGS-ABC-001"].level == level


def test_several_roles_may_be_named(tmp_path: Path) -> None:
    """Roles are separated by spaces."""
    found = extracted(tmp_path, requirement("It MUST.", role="sender client"))
    assert found["PGS-ABC-001"].roles == ("sender", "client")


def test_inspection_comes_with_its_reason(tmp_path: Path) -> None:
    """A requirement that only inspection checks says why."""
    page = requirement("It MUST.", verify="inspection", reason="nobody can see it")
    assert extracted(tmp_path, page)["PGS-ABC-001"].reason == "nobody can see it"


@pytest.mark.parametrize(
    "text",
    [
        "```text\nIt MUST.\n```",
        "~~~\nIt MUST.\n\n```\nIt MUST.\n~~~",
        "Written as `MUST` or `` MUST ` NOT ``.",
        "<!-- It MUST.\n\nIt MUST. -->",
        "> It MUST.\n> It MAY.",
        "It must, it should, it may. MUSTER is no key word.",
        "<!-- generated: requirements -->\n\nIt MUST.\n\n<!-- end generated -->",
    ],
    ids=["fence", "tildes", "inline code", "comment", "quote", "lower case", "generated"],
)
def test_key_words_elsewhere_do_not_count(tmp_path: Path, text: str) -> None:
    """Code, comments, quotations, generated blocks and lower case are no requirements."""
    assert list(extracted(tmp_path, f"{text}\n\n{GOOD}")) == ["PGS-ABC-001"]


@pytest.mark.parametrize(
    "text",
    ["It MUST.", "- It SHOULD.", "| it | MAY |", "# It MUST", "It SHALL NOT.", "It is OPTIONAL."],
)
def test_key_word_outside_of_a_requirement_is_told(tmp_path: Path, text: str) -> None:
    """A key word in plain prose, in a list, a table or a heading is an error, with its place."""
    (problem,) = problems(tmp_path, f"First.\n\n{text}\n")
    assert problem.startswith("spec/pygase/page-0.md:3: ")
    assert problem.endswith("outside of a requirement")


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (requirement("It MUST and it MAY."), "more than one key word: MUST, MAY"),
        (requirement("It MUST. It MUST NOT."), "more than one key word: MUST, MUST NOT"),
        (requirement("It does."), "no key word"),
        (requirement("It SHALL."), "SHALL is not among the levels"),
        (requirement("It MUST.", role=""), "no data-role"),
        (requirement("It MUST.", role="player"), "unknown role 'player'"),
        (requirement("It MUST.", verify=""), "no data-verify"),
        (requirement("It MUST.", verify="hope"), "unknown way to verify 'hope'"),
        (requirement("It MUST.", verify="inspection"), "inspection needs a data-reason"),
        (requirement("It MUST.", id="PGS-ABC-1"), "the ID has to look like"),
        (requirement("It MUST.", id="PMQ-ABC-001"), "the ID has to look like"),
        (requirement("It MUST.", id="PGS-4.2-001"), "the ID has to look like"),
        ('{ #PGS-ABC-001 .req data-role="both" data-verify="wire" }\n', "without a paragraph"),
        ("{ #PGS-ABC-001 .removed }\n", "a tombstone has to say why"),
    ],
)
def test_broken_requirement_is_told(tmp_path: Path, page: str, complaint: str) -> None:
    """Whatever a requirement lacks or has too much of is an error, with file and line."""
    (problem,) = problems(tmp_path, page)
    assert problem.startswith("spec/pygase/page-0.md:1: PGS-") or "PMQ-" in problem
    assert complaint in problem


def test_duplicate_id_is_told_with_both_places(tmp_path: Path) -> None:
    """An ID stands for one requirement, in the whole book."""
    (problem,) = problems(tmp_path, GOOD, f"\n{GOOD}")
    assert problem.startswith("spec/pygase/page-1.md:2: PGS-ABC-001")
    assert problem.endswith("already used at spec/pygase/page-0.md:1")


@pytest.mark.parametrize("reverse", [False, True])
def test_tombstone_is_never_reused(tmp_path: Path, reverse: bool) -> None:
    """The ID of a removed requirement cannot come back, before or after its tombstone."""
    pages = [GOOD, "It was nonsense.\n{ #PGS-ABC-001 .removed }\n"]
    (problem,) = problems(tmp_path, *(reversed(pages) if reverse else pages))
    assert "has a tombstone" in problem


def test_tombstone_is_no_requirement(tmp_path: Path) -> None:
    """A tombstone keeps its ID from being used, and nothing else."""
    assert extracted(tmp_path, "It was nonsense.\n{ #PGS-ABC-002 .removed }\n") == {}


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """An author sees everything that is wrong in one run, in order."""
    found = problems(tmp_path, "It MUST.\n\nIt MAY.\n", "It SHOULD.\n")
    assert [problem.split(": ")[0] for problem in found] == [
        "spec/pygase/page-0.md:1",
        "spec/pygase/page-0.md:3",
        "spec/pygase/page-1.md:1",
    ]


def test_chapters_come_in_the_order_of_the_index(tmp_path: Path) -> None:
    """Requirements are read in the order in which the book's index lists its chapters."""
    (tmp_path / "pygase").mkdir()
    for name, number in (("alpha", "001"), ("beta", "002")):
        page = requirement("It MUST.", id=f"PGS-ABC-{number}")
        (tmp_path / "pygase" / f"{name}.md").write_text(page, encoding="utf-8")
    index = "See [alpha](alpha.md).\n\n1. [Beta](beta.md)\n2. [Alpha](alpha.md#x)\n"
    (tmp_path / "pygase" / "index.md").write_text(index, encoding="utf-8")
    assert list(extract(tmp_path, "pygase")) == ["PGS-ABC-002", "PGS-ABC-001"]


def test_shared_chapters_have_their_own_prefix(tmp_path: Path) -> None:
    """The chapters that all books share are read as `common`, with IDs of their own."""
    (tmp_path / "notation.md").write_text(requirement("It MUST.", id="COM-ABC-001"))
    (found,) = extract(tmp_path, requirements.COMMON).values()
    assert (found.book, found.page) == ("common", "notation")


def test_the_prose_of_the_checkout_is_read() -> None:
    """In a checkout, the requirements are those of its own `spec` folder."""
    assert requirements.prose_folder() == Path(__file__).parents[1]


@pytest.mark.parametrize("book", ["common", *books.names()])
def test_every_book_can_be_extracted(book: str) -> None:
    """The prose as it stands keeps the rules."""
    found = requirements.load(book)
    assert all(name == one.id and one.book == book for name, one in found.items())


def test_loading_without_a_name_loads_everything() -> None:
    """All books and the shared chapters are one collection without clashes."""
    parts = [requirements.load(book) for book in ("common", *books.names())]
    assert len(requirements.load()) == sum(map(len, parts))
