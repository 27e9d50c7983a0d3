"""The vectors of every book against its schemas, and the loader that reads them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec import books, requirements, vectors
from wirebook.spec.vectors import Group, Vector, VectorError, from_typed, same, to_typed

GROUPS = [group for book in books.names() for group in vectors.load(book)]


def cases(kind: str, *, results: tuple[str, ...] = vectors.RESULTS, origin: str = "") -> list[Any]:
    """Return the tests of all books that have this type, with their groups."""
    return [
        pytest.param(group, test, id=f"{group.book}-{test.id}")
        for group in GROUPS
        if group.type == kind and origin in ("", group.origin)
        for test in group.tests
        if test.result in results
    ]


@pytest.mark.parametrize(("group", "test"), cases("decode"))
def test_decode_vector(group: Group, test: Vector) -> None:
    """The octets mean exactly the value."""
    assert same(books.get(group.book).parse(group.message, test.data), test.value)


@pytest.mark.parametrize(("group", "test"), cases("decode", origin="captured"))
def test_captured_vector_is_sent_on_unchanged(group: Group, test: Vector) -> None:
    """What an original sent means the same after it was decoded and encoded again."""
    book = books.get(group.book)
    again = book.build(group.message, book.parse(group.message, test.data))
    assert same(book.parse(group.message, again), test.value)


@pytest.mark.parametrize(("group", "test"), cases("encode", results=("valid",)))
def test_encode_vector(group: Group, test: Vector) -> None:
    """The value is sent as exactly these octets."""
    assert books.get(group.book).build(group.message, test.value).hex() == test.data.hex()


@pytest.mark.parametrize(("group", "test"), cases("encode", results=("invalid",)))
def test_refuse_vector(group: Group, test: Vector) -> None:
    """The value is not sent, for the first of the named requirements."""
    with pytest.raises(books.Unencodable) as caught:
        books.get(group.book).build(group.message, test.value)
    assert caught.value.requirement == test.requirements[0]


@pytest.mark.parametrize(("group", "test"), cases("reject"))
def test_reject_vector(group: Group, test: Vector) -> None:
    """The octets are refused, for the first of the named requirements."""
    with pytest.raises(books.Malformed) as caught:
        books.get(group.book).parse(group.message, test.data)
    assert caught.value.requirement == test.requirements[0]


@pytest.mark.parametrize(("group", "test"), cases("decode"))
def test_spans_of_vector(group: Group, test: Vector) -> None:
    """Each named field stands where the vector says, and the fields cover the datagram."""
    dissection = books.get(group.book).dissect(group.message, test.data)
    assert sum(field.length for field in dissection.fields) == len(test.data)
    for offset, length, path in test.spans:
        assert dissection.span(path) == (offset, length), path


@pytest.mark.parametrize("book", books.names())
def test_vectors_cite_requirements_of_their_book(book: str) -> None:
    """Every cited requirement exists."""
    cited = {
        name for group in vectors.load(book) for test in group.tests for name in test.requirements
    }
    assert cited <= requirements.load().keys()


def test_typed_values_come_back() -> None:
    """Everything that JSON lacks has a typed form that reads back as what it was."""
    value = {
        "float": 1.5,
        "nan": float("nan"),
        "low": float("-inf"),
        "bin": b"\x00\xff",
        "big": 2**64 - 1,
        "small": -(2**63),
        "map": {1: "a", None: [b"x"], "k": {}},
        "odd": {"$bin": "not a bin"},
    }
    typed = json.loads(json.dumps(to_typed(value), allow_nan=False))
    assert same(from_typed(typed), value)
    assert typed["nan"] == {"$float": "nan"}
    assert typed["big"] == {"$int": str(2**64 - 1)}


@settings(deadline=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=8,
    )
)
def test_any_value_has_a_typed_form(value: object) -> None:
    """Typed JSON loses nothing."""
    assert same(from_typed(json.loads(json.dumps(to_typed(value), allow_nan=False))), value)


@pytest.mark.parametrize(
    ("a", "b"), [(1, 1.0), (1, True), ("a", b"a"), ({"a": 1}, {"a": 2}), ([], {}), (0.0, -0.0)]
)
def test_same_is_stricter_than_equality(a: object, b: object) -> None:
    """Values of different types are never the same, whatever Python thinks."""
    assert not same(a, b)
    assert same(a, a)
    assert same(b, b)


def test_same_does_not_mind_the_order_of_maps() -> None:
    """A map is a set of members."""
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def a_test(**changes: object) -> dict[str, object]:
    """Return a valid decode test with changes; None removes a member."""
    test = {"id": "t", "requirements": ["PGS-HDR-001"], "hex": "00", "value": 0, "result": "valid"}
    return {key: value for key, value in (test | changes).items() if value is not None}


def read(path: Path, *tests: dict[str, object], **group: object) -> list[Group]:
    """Return what the loader makes of one group with these tests."""
    document = {
        "book": "pygase",
        "origin": "independent",
        "groups": [{"type": "decode", "message": "event", "tests": tests} | group],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return list(vectors.read(path))


def test_loader_returns_what_the_file_says(tmp_path: Path) -> None:
    """Hex becomes octets, typed JSON plain values, and further members stay as detail."""
    spans = [[0, 1, "type"]]
    test = a_test(hex="c4 01 00", value={"$bin": "00"}, spans=spans, kind={"$float": 1})
    (group,) = read(tmp_path / "v.json", test)
    (found,) = group.tests
    assert (group.file, group.origin, group.message) == ("v.json", "independent", "event")
    assert (found.data, found.value, found.result) == (b"\xc4\x01\x00", b"\x00", "valid")
    assert found.spans == ((0, 1, "type"),)
    assert found.detail == {"kind": 1.0}


@pytest.mark.parametrize(
    ("test", "complaint"),
    [
        (a_test(id=None), "has no 'id'"),
        (a_test(requirements=None), "t: has no 'requirements'"),
        (a_test(requirements=[]), "t: cites no requirement"),
        (a_test(hex=None), "t: has no 'hex'"),
        (a_test(hex="0"), "t: .*hexadecimal"),
        (a_test(value=None), "t: has no 'value'"),
        (a_test(value={"$what": 1}), "unknown typed value"),
        (a_test(result="good"), "t: result is 'good'"),
        (a_test(result="invalid"), "t: a test of type decode cannot be invalid"),
        (a_test(spans=[[1, 2]]), "t: not enough values"),
    ],
)
def test_loader_says_what_is_wrong(tmp_path: Path, test: dict[str, object], complaint: str) -> None:
    """A test that breaks the format is told with its file, its group and its id."""
    with pytest.raises(VectorError, match=f"v.json: group 0: .*{complaint}"):
        read(tmp_path / "v.json", test)


@pytest.mark.parametrize(
    ("test", "complaint"),
    [
        (a_test(kind="dance"), "t: kind is 'dance'"),
        (a_test(kind="window", received=[1]), "t: has no 'effects'"),
        (a_test(kind="merge", updates=[]), "t: has no 'state'"),
    ],
)
def test_loader_knows_the_kinds_of_transcripts(
    tmp_path: Path, test: dict[str, object], complaint: str
) -> None:
    """A transcript of an unknown kind, or without what its kind needs, is refused."""
    with pytest.raises(VectorError, match=complaint):
        read(tmp_path / "v.json", test, type="transcript")


def test_loader_refuses_broken_files_and_groups(tmp_path: Path) -> None:
    """A file that is no JSON and a group of an unknown type are told by name."""
    (tmp_path / "v.json").write_text("{", encoding="utf-8")
    with pytest.raises(VectorError, match=r"v\.json"):
        list(vectors.read(tmp_path / "v.json"))
    with pytest.raises(VectorError, match=r"v\.json: group 0: type is 'guess'"):
        read(tmp_path / "v.json", type="guess")
