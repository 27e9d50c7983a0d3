"""The strict reader of JSON: what it takes, where it sees what, and what it refuses."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wirebook.spec.checks import Breach, Check
from wirebook.spec.json_text import Part, Reader, encode
from wirebook.spec.vectors import same

steady = settings(deadline=None, derandomize=True)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def read(data: bytes) -> object:
    """Return the value of a text."""
    return Reader(data).read()


def breach_of(data: bytes) -> Breach:
    """Return why a text is refused."""
    with pytest.raises(Breach) as caught:
        read(data)
    return caught.value


class NotStrict(ValueError):
    """The library takes what the book refuses."""


def by_the_library(data: bytes) -> object:
    """Return what the json module reads, or raise ValueError where it is as strict as the book."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise NotStrict
        for name, _ in pairs:
            name.encode()
        return dict(pairs)

    def constant(word: str) -> object:
        raise NotStrict(word)

    def number(digits: str) -> int | float:
        value = float(digits)
        if abs(value) == float("inf"):
            raise NotStrict
        return value if set(digits) & set(".eE") else int(digits)

    value = json.loads(
        data.decode(),
        object_pairs_hook=members,
        parse_constant=constant,
        parse_float=number,
        parse_int=number,
    )
    json.dumps(value, ensure_ascii=False).encode()
    return value


@steady
@given(values, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_what_the_library_writes_is_read(value: object, indent: Any, ascii_only: bool) -> None:
    """However a text is laid out, its value is what was written."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert same(read(text.encode()), value)


@steady
@given(values)
def test_what_is_encoded_is_read(value: object) -> None:
    """Encoding loses nothing, and writes what the library writes."""
    assert same(read(encode(value)), value)
    assert encode(value) == json.dumps(value).encode()


@steady
@given(values, st.sampled_from([None, 1]))
def test_runs_cover_the_text(value: object, indent: int | None) -> None:
    """Each octet belongs to exactly one run, in their order."""
    data = json.dumps(value, indent=indent).encode() + b"\n"
    reader = Reader(data)
    reader.read()
    ends = [0, *(run.offset + run.length for run in reader.runs)]
    assert [run.offset for run in reader.runs] == ends[:-1]
    assert ends[-1] == len(data)
    assert all(run.length for run in reader.runs)


TOKENS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "a",
    "1",
    "-",
    ".",
    "e",
    " ",
    "\n",
    "null",
    "true",
]
TOKENS += ["\f", "\u00a0", "NaN", "\\u", "d800", "dc00", "\x00", "é", '"a":', "01", "1e400"]


@steady
@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join))
@example('{"a":1,"a":2}')
@example('"\\ud800\\udc00"')
@example('{"\\ud800":1}')
@example("1e400")
@example("NaN")
@example("\ufeff1")
@example("\f1")
@example("[1\x0b]")
def test_it_takes_what_the_library_takes_strictly(text: str) -> None:
    """A text is refused if and only if the library refuses it or is less strict than the book."""
    data = text.encode()
    try:
        value = by_the_library(data)
    except (ValueError, NotStrict):
        assert breach_of(data)
    else:
        assert same(read(data), value)


@steady
@given(st.binary(max_size=20))
def test_arbitrary_octets_are_read_or_refused(data: bytes) -> None:
    """Nothing draws another exception than a breach, and its offset is within the text."""
    offset = 0
    try:
        read(data)
    except Breach as breach:
        offset = breach.offset
    assert 0 <= offset <= len(data)


@pytest.mark.parametrize(
    ("data", "check", "offset"),
    [
        (b"", Check.VALUE, 0),
        (b"  ", Check.VALUE, 2),
        (b"[1, x]", Check.VALUE, 4),
        (b"[1] 2", Check.VALUE, 4),
        (b"[NaN]", Check.VALUE, 1),
        ('{"ä":1 "b"}'.encode(), Check.VALUE, 8),
        (b'{"a":1, "a":2}', Check.DUPLICATE, 8),
        (b'["a", "\\ud800"]', Check.SURROGATE, 6),
        (b"[0, 1e309]", Check.MAGNITUDE, 4),
        (b"[" * 33 + b"]" * 33, Check.DEPTH, 32),
        (b'["\xff"]', Check.UTF8, 2),
    ],
)
def test_breach_says_what_is_wrong_and_where(data: bytes, check: Check, offset: int) -> None:
    """Each check is told apart from the others, with the octet where it failed."""
    breach = breach_of(data)
    assert (breach.check, breach.offset) == (check, offset)


def test_depth_counts_objects_and_arrays() -> None:
    """A text may be 32 deep, in brackets of either kind."""
    assert read(b"[" * 32 + b"]" * 32) is not None
    assert read(b'{"a":' * 31 + b"[]" + b"}" * 31) is not None
    assert breach_of(b'{"a":' * 32 + b"[]" + b"}" * 32).check is Check.DEPTH


def test_great_depth_is_refused_and_does_not_exhaust_the_stack() -> None:
    """A megabyte of brackets is refused like 33 of them."""
    assert breach_of(b"[" * 1_000_000).check is Check.DEPTH


def test_a_long_string_is_read() -> None:
    """A megabyte of one string is a value."""
    assert read(b'"' + b"a" * 1_000_000 + b'"') == "a" * 1_000_000
    assert breach_of(b'"' + b"a" * 1_000_000).check is Check.VALUE


def test_members_of_a_container_belong_to_it() -> None:
    """Brackets, commas and white space are runs of the container that they are in."""
    reader = Reader(b'{"l": [1 , 2]}')
    reader.read()
    parts = {run.offset: (run.part, run.keys) for run in reader.runs}
    assert parts[1] == (Part.KEY, ("l",))
    assert parts[6] == (Part.OPEN, ("l",))
    assert parts[7] == (Part.VALUE, ("l", 0))
    assert parts[8] == (Part.SPACE, ("l",))
    assert parts[9] == (Part.COMMA, ("l",))
    assert parts[12] == (Part.CLOSE, ("l",))


class Grade(int):
    pass


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (float("nan"), Check.VALUE),
        ({"a": [float("inf")]}, Check.VALUE),
        (10**400, Check.MAGNITUDE),
        ("\ud800", Check.SURROGATE),
        ({"\udc00": 1}, Check.SURROGATE),
        ({1: 2}, Check.TYPE),
        (b"a", Check.TYPE),
        ((1, 2), Check.TYPE),
        (Grade(1), Check.TYPE),
        ([object()], Check.TYPE),
    ],
)
def test_what_has_no_json_is_not_encoded(value: object, check: Check) -> None:
    """Nothing is made into something else without a word."""
    with pytest.raises(Breach) as caught:
        encode(value)
    assert caught.value.check is check


def test_depth_of_what_is_encoded_is_limited() -> None:
    """What no receiver has to take is not written."""
    value: list[Any] = []
    for _ in range(31):
        value = [value]
    assert encode(value) == b"[" * 32 + b"]" * 32
    with pytest.raises(Breach) as caught:
        encode([value])
    assert caught.value.check is Check.DEPTH
