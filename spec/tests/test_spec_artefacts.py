"""The generated blocks of the prose: current, and filled from the one source."""

from pathlib import Path

import pytest

from wirebook.spec import requirements
from wirebook.spec.artefacts import BlockError, filled, stale, tables, write
from wirebook.spec.artefacts.__main__ import main
from wirebook.spec.requirements import Requirement
from wirebook.spec.vectors import Group, Vector

RULE = """\
It MUST | `a` be [so](other.md#so).
{ #PGS-ABC-001 .req data-role="both" data-verify="wire" }
"""


@pytest.fixture
def prose(tmp_path: Path) -> Path:
    """Return a folder for the pages of a book."""
    (tmp_path / "pygase").mkdir()
    return tmp_path


def block(kind: str, content: str = "") -> str:
    """Return a marked block."""
    return f"<!-- generated: {kind} -->\n{content}<!-- end generated -->\n"


def fill(prose: Path, text: str, name: str = "pygase/page.md") -> str:
    """Return the page with its blocks filled."""
    path = prose / name
    path.write_text(text, encoding="utf-8")
    return filled(prose, path)


def test_generated_blocks_are_current() -> None:
    """The prose shows what the schemas, tables and vectors say.

    Renew it with `python -m wirebook.spec.artefacts --write`.
    """
    assert stale(requirements.prose_folder()) == []


def test_command_checks_and_writes(
    prose: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` fails on a stale page and names it, `--write` renews it."""
    (prose / "pygase" / "page.md").write_text(block("vectors"), encoding="utf-8")
    monkeypatch.setattr(requirements, "prose_folder", lambda: prose)
    assert main(["--check"]) == 1
    assert "page.md: not current" in capsys.readouterr().out
    assert main(["--write"]) == 0
    assert main(["--check"]) == 0


def test_command_tells_a_mistake_in_one_line(
    prose: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A marker that means nothing ends the command with its place, not with a traceback."""
    (prose / "pygase" / "page.md").write_text(block("poem"), encoding="utf-8")
    monkeypatch.setattr(requirements, "prose_folder", lambda: prose)
    assert main(["--check"]) == 1
    assert "page.md:1: no kind 'poem'" in capsys.readouterr().err


def test_text_outside_of_blocks_is_kept(prose: Path) -> None:
    """Only what stands between the markers changes."""
    text = fill(prose, f"# Title\n\nBefore.\n\n{block('table header')}\nAfter.\n")
    assert text.startswith("# Title\n\nBefore.\n\n<!-- generated: table header -->\n\n| ")
    assert text.endswith(" |\n\n<!-- end generated -->\n\nAfter.\n")


def test_filling_twice_changes_nothing(prose: Path) -> None:
    """A filled page is current."""
    kinds = ["table event", "states congestion", "figure congestion", "vectors"]
    known = "".join(
        f'It MUST.\n{{ #{name} .req data-role="both" data-verify="wire" }}\n\n'
        for name in requirements.load("pygase")
    )
    once = fill(prose, known + "".join(map(block, kinds)))
    assert fill(prose, once) == once


def test_old_content_is_replaced(prose: Path) -> None:
    """Whatever stood in a block is gone afterwards."""
    assert "stale" not in fill(prose, block("table update", "stale\n"))


def test_field_table_has_offset_size_name_type_and_meaning(prose: Path) -> None:
    """The table of a layout is what the chapter on notation promises."""
    lines = fill(prose, block("table header")).splitlines()
    assert lines[2] == "| offset | size | name | type | meaning |"
    assert lines[5].startswith("| 4 | 2 | `sequence` | integer, 1 to 65535 | ")


def test_field_table_expands_blocks_and_links_messages(prose: Path) -> None:
    """A length has its own row, and a message that the page describes is linked."""
    page = f"## All the events\n\n{block('table event')}\n{block('table server-package')}"
    lines = fill(prose, page).splitlines()
    assert any(line.startswith("| 12 | 2 | length of `update` |") for line in lines)
    assert any(line.startswith("| 14 | that length | `update` | update |") for line in lines)
    assert any(
        line.startswith("| + | that length | entry | [event](#all-the-events) |") for line in lines
    )


def test_record_table_has_keys_and_whether_they_are_required(prose: Path) -> None:
    """The table of a body lists its keys."""
    text = fill(prose, block("table update"))
    assert "| `time_order` | required | integer, 0 to 65535 |" in text
    assert "| any other str | optional | any value |" in text


def test_shutdown_table_names_its_words(prose: Path) -> None:
    """Words are listed as they are."""
    assert "`shutdown` or `shut_me_down`" in fill(prose, block("table shutdown"))


def test_requirements_are_linked_from_any_page(prose: Path) -> None:
    """A link is relative to the page that it stands on; links in the text are not repeated."""
    (prose / "pygase" / "rules.md").write_text(RULE, encoding="utf-8")
    text = fill(prose, block("requirements"))
    row = r"| [PGS-ABC-001](rules.md#PGS-ABC-001) | MUST | both | wire | It MUST \| `a` be so. |"
    assert row in text.splitlines()


def test_requirements_of_the_same_page_are_linked_by_anchor(prose: Path) -> None:
    """On its own page a requirement needs no file."""
    assert "| [PGS-ABC-001](#PGS-ABC-001) |" in fill(prose, f"{RULE}\n{block('requirements')}")


def test_long_requirements_are_cut_at_a_word() -> None:
    """A long text is shortened outside of words and of code."""
    text = "It MUST " + "so " * 49 + "`very long code here`"
    found = Requirement("X-ABC-001", "x", text, "MUST", ("both",), ("wire",), "", "", "x", "", 1)
    row = tables.requirements_table([found], str).splitlines()[2]
    assert row.endswith("so so … |")
    assert "`" not in row


def test_vectors_are_counted() -> None:
    """Each file has a row for each type, and the last row is the sum."""
    tests = tuple(
        Vector(str(number), ("X",), "", result, b"", None, (), {})
        for number, result in enumerate(("valid", "valid", "acceptable"))
    )
    groups = [Group("x", "a.json", "captured", "decode", "m", "", tests) for _ in range(2)]
    lines = tables.vectors_table(groups).splitlines()
    assert lines[2] == "| `a.json` | captured | decode | m | 6 | 4 | 0 | 2 |"
    assert lines[3] == "| all |  |  |  | 6 | 4 | 0 | 2 |"


def test_figure_is_an_image_with_a_text_alternative(prose: Path) -> None:
    """A page refers to the figure, and says what it shows to those who cannot see it."""
    assert fill(prose, block("figure congestion")).splitlines()[2] == (
        "![Figure: Congestion avoidance, with its 2 states and the 2 changes between them; "
        "the table below has every row.](../assets/pygase/figure-congestion.svg)"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (block("poem header"), "page.md:1: no kind 'poem'"),
        (block("table nothing"), "page.md:1: table nothing: there is no 'nothing'"),
        (block("states nothing"), "page.md:1: states nothing: there is no 'nothing'"),
        ("\n<!-- generated: vectors -->\n", "page.md:2: the block has no"),
        ("<!-- generated: vectors -->\n" * 2, "page.md:1: the block has no"),
    ],
)
def test_block_that_cannot_be_filled_is_told(prose: Path, text: str, complaint: str) -> None:
    """A mistake in a marker is told with its file and line."""
    with pytest.raises(BlockError, match=complaint):
        fill(prose, text)


def test_write_fills_only_the_pages_that_need_it(prose: Path) -> None:
    """Pages without blocks are left as they are, to the octet."""
    plain, marked = prose / "pygase" / "plain.md", prose / "pygase" / "marked.md"
    plain.write_text("no end of line", encoding="utf-8")
    marked.write_text(block("vectors"), encoding="utf-8")
    assert write(prose) == [marked]
    assert plain.read_text(encoding="utf-8") == "no end of line"
    assert stale(prose) == []


def test_write_draws_the_figures_that_pages_show(prose: Path) -> None:
    """A figure is written under the assets of its book, and is stale once it says other things."""
    page, figure = (
        prose / "pygase" / "page.md",
        prose / "assets" / "pygase" / "figure-congestion.svg",
    )
    page.write_text(block("figure congestion"), encoding="utf-8")
    assert write(prose) == [page, figure]
    figure.write_text(figure.read_text(encoding="utf-8").replace("good", "bad"), encoding="utf-8")
    assert stale(prose) == [figure]
