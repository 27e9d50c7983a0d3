"""The neutral form: current, complete, and true to the schemas."""

from collections.abc import Iterator
from typing import Any

import pytest

from wirebook.spec import books, dialect, neutral, requirements


def nodes(form: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside a neutral form."""
    if isinstance(form, dict):
        yield form
    for inner in form.values() if isinstance(form, dict) else form:
        if isinstance(inner, dict | list):
            yield from nodes(inner)


@pytest.mark.parametrize("book", books.names())
def test_committed_form_is_current(book: str) -> None:
    """`wire.json` is what the schemas say.

    Renew it with `python -m wirebook.spec.neutral --write`.
    """
    assert neutral.path_of(book).read_text(encoding="utf-8") == neutral.text_of(book)


@pytest.mark.parametrize("book", books.names())
def test_every_message_is_there(book: str) -> None:
    """The form has every message, and refers to none that it lacks."""
    form = neutral.load(book)["messages"]
    assert form.keys() == books.get(book).messages.keys()
    assert {node["message"] for node in nodes(form) if node.get("type") == "message"} <= form.keys()


@pytest.mark.parametrize("book", books.names())
def test_everything_named_has_a_line_of_doc(book: str) -> None:
    """Whoever reads the form learns what each part is for, in one line."""
    for node in nodes(neutral.load(book)):
        if "name" in node or "doc" in node:
            assert node["doc"].endswith(".")
            assert "\n" not in node["doc"]


@pytest.mark.parametrize("book", books.names())
def test_cited_requirements_exist(book: str) -> None:
    """A schema cites the requirements of its book by their real IDs."""
    cited = {name for node in nodes(neutral.load(book)) for name in node.get("requirements", ())}
    assert cited
    assert cited <= requirements.load(book).keys()


def test_form_tells_sizes_types_and_ranges() -> None:
    """Enough is said to make strategies and dissectors from it."""
    fields = neutral.load("pygase")["messages"]["header"]["fields"]
    assert [(field["name"], field["type"], field["size"]) for field in fields] == [
        ("protocol_id", "magic", 4),
        ("sequence", "uint", 2),
        ("ack", "uint", 2),
        ("ack_bitfield", "bits", 4),
    ]
    assert fields[0]["hex"] == "ffd0fab9"
    assert (fields[1]["least"], fields[1]["most"]) == (1, 65535)


def test_messages_refer_to_the_parts_they_share() -> None:
    """What is described on its own is referred to by name."""
    messages = neutral.load("pygase")["messages"]
    header, update, events = messages["server-package"]["fields"]
    assert header["message"] == "header"
    assert update["content"]["message"] == "update"
    assert events["items"]["content"]["message"] == "event"
    assert messages["event"]["type"] == "messagepack"


def test_sizes_of_fields_add_up_to_the_header() -> None:
    """The fixed fields of the header fill its twelve octets."""
    header = neutral.load("pygase")["messages"]["header"]
    assert sum(field["size"] for field in header["fields"]) == header["least"] == header["most"]


def test_piece_without_neutral_form_is_refused() -> None:
    """A new piece of the dialect cannot be forgotten here in silence."""

    class Strange(dialect.Leaf):
        pass

    message = dialect.Message("", Strange(), least=0, most=1, rules={})
    with pytest.raises(TypeError, match="Strange"):
        neutral._message(message, neutral._Names({}, ""))


def test_command_checks_and_writes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without an option the command fails on a stale file, with `--write` it renews it."""
    monkeypatch.setattr(neutral, "path_of", lambda book: tmp_path / f"{book}.json")
    assert neutral.main([]) == 1
    assert "--write" in capsys.readouterr().out
    assert neutral.main(["--write"]) == 0
    assert neutral.main([]) == 0
    written = (tmp_path / "pygase.json").read_text(encoding="utf-8")
    assert written == neutral.text_of("pygase")
