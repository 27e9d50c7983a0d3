"""The schemas of PGNet: round trips, and the requirement behind every refusal."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec import books, neutral, requirements
from wirebook.spec.pgnet.wire import meaning
from wirebook.spec.vectors import same

BOOK = books.get("pgnet")
REQUIREMENTS = requirements.load("pgnet")

MESSAGE_MOST = 1024 * 1024
"""Octets, as the chapter has it (PGN-WSB-007)."""

steady = settings(deadline=None, derandomize=True)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
payloads = st.dictionaries(texts, values, max_size=3)
times = st.none() | texts
requests = st.fixed_dictionaries(
    {"message": texts},
    optional={"payload": payloads, "created_on": times, "username": values},
)
responses = st.fixed_dictionaries(
    {"message": texts},
    optional={
        "payload": payloads,
        "status": st.integers(0, 2),
        "created_on": times,
        "disconnecting": st.booleans(),
        "game": st.none() | texts,
    },
)
boxes = st.fixed_dictionaries(
    {"nonce": st.binary(min_size=24, max_size=24), "box": st.binary(min_size=16, max_size=80)}
)
messages = (
    st.tuples(st.just("request"), requests)
    | st.tuples(st.just("response"), responses)
    | st.tuples(st.just("box"), boxes)
)
strangers = st.dictionaries(texts.map(lambda name: f"x{name}"), values, max_size=2)


def refusal(message: str, data: bytes) -> str:
    """Return the requirement that `data` is refused for."""
    with pytest.raises(books.Malformed) as caught:
        BOOK.parse(message, data)
    return caught.value.requirement


@steady
@given(messages)
def test_what_is_built_parses_to_the_same_value(message: tuple[str, dict[str, Any]]) -> None:
    """Every value of the schema survives the way through octets."""
    name, value = message
    assert same(BOOK.parse(name, BOOK.build(name, value)), value)


@steady
@given(messages)
def test_fields_cover_the_message(message: tuple[str, dict[str, Any]]) -> None:
    """A dissection has an owner for every octet, and finds each member where it stands."""
    name, value = message
    data = BOOK.build(name, value)
    dissection = BOOK.dissect(name, data)
    assert dissection.error is None
    assert sum(field.length for field in dissection.fields) == len(data)
    for member, content in value.items():
        offset, length = dissection.span(member)
        text = data[offset : offset + length]
        read = base64.b64decode(text) if name == "box" else json.loads(text)
        assert same(read, content)


@settings(steady, max_examples=15)
@given(messages)
def test_every_truncation_is_refused(message: tuple[str, dict[str, Any]]) -> None:
    """No proper beginning of a message is one: no JSON, or a box without its end."""
    name, value = message
    data = BOOK.build(name, value)
    for size in range(len(data)):
        if name != "box":
            assert refusal(name, data[:size]) == "PGN-JSN-002"
        elif size % 4 or size < 56:
            assert refusal(name, data[:size]) == "PGN-TUN-003"


@steady
@given(st.sampled_from(list(BOOK.messages)), st.binary(max_size=80))
def test_arbitrary_octets_are_read_or_refused_for_a_requirement(name: str, data: bytes) -> None:
    """No input draws any other exception, and no refusal lacks its requirement."""
    error = BOOK.dissect(name, data).error
    assert error is None or error.requirement in REQUIREMENTS


@steady
@given(st.sampled_from(["request", "response"]), values)
def test_any_json_is_read_or_refused_for_a_requirement(name: str, value: object) -> None:
    """JSON of any shape is a message or refused for what is wrong with it."""
    error = BOOK.dissect(name, json.dumps(value).encode()).error
    assert error is None or error.requirement in REQUIREMENTS


@steady
@given(messages, st.data())
def test_one_changed_octet_is_read_or_refused_for_a_requirement(
    message: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    """A valid message with any octet changed is either valid or refused for a requirement."""
    name, value = message
    octets = bytearray(BOOK.build(name, value))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    error = BOOK.dissect(name, bytes(octets)).error
    assert error is None or error.requirement in REQUIREMENTS


@steady
@given(st.sampled_from(["request", "response"]), st.data(), strangers)
def test_unknown_members_change_nothing(
    name: str, data: st.DataObject, unknown: dict[str, Any]
) -> None:
    """What the table does not list stays in the value, is marked, and has no meaning."""
    value: dict[str, Any] = data.draw(requests if name == "request" else responses)
    octets = BOOK.build(name, unknown | value)
    read = BOOK.parse(name, octets)
    assert same(read, unknown | value)
    assert same(meaning(name, read), meaning(name, value))
    ignored = {field.path for field in BOOK.dissect(name, octets).fields if field.ignored}
    assert bool(ignored) == bool(unknown)


def test_meaning_fills_in_the_defaults() -> None:
    """A missing member is what the table says, and the user name of a request is nobody's."""
    assert meaning("request", {"message": "a", "username": "b", "x": 1}) == {
        "message": "a",
        "payload": {},
        "created_on": None,
    }
    assert meaning("response", {"message": "a", "status": 2}) == {
        "message": "a",
        "payload": {},
        "status": 2,
        "created_on": None,
        "disconnecting": False,
        "game": None,
    }


@pytest.mark.parametrize("message", ["request", "response"])
@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("", "PGN-JSN-002"),
        ('{"message":"a"', "PGN-JSN-002"),
        ('\ufeff{"message":"a"}', "PGN-JSN-002"),
        ('["message"]', "PGN-JSN-003"),
        ("null", "PGN-JSN-003"),
        ('{"message":"a","message":"a"}', "PGN-JSN-004"),
        ('{"message":"a","payload":{"x":{"y":0,"y":0}}}', "PGN-JSN-004"),
        ('{"message":"\\ud800"}', "PGN-JSN-005"),
        ('{"message":"a","payload":{"x":-1e309}}', "PGN-JSN-006"),
        ('{"message":"a","payload":{"x":' + "[" * 31 + "]" * 31 + "}}", "PGN-JSN-008"),
        ('{"message":"' + "a" * MESSAGE_MOST + '"}', "PGN-WSB-007"),
    ],
)
def test_text_is_refused_for_the_right_requirement(
    message: str, text: str, requirement: str
) -> None:
    """Every rejection that the book names comes with the number that it has there."""
    assert refusal(message, text.encode()) == requirement


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"message": None},
        {"message": "a", "payload": None},
        {"message": "a", "payload": []},
        {"message": "a", "created_on": 1},
    ],
)
def test_request_is_refused_for_its_members(members: dict[str, Any]) -> None:
    """A request whose members are not those of the table is a violation."""
    assert refusal("request", json.dumps(members).encode()) == "PGN-REQ-003"


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"message": 1},
        {"message": "a", "payload": None},
        {"message": "a", "status": None},
        {"message": "a", "status": 3},
        {"message": "a", "status": -1},
        {"message": "a", "status": True},
        {"message": "a", "status": 1.0},
        {"message": "a", "created_on": False},
        {"message": "a", "disconnecting": 0},
        {"message": "a", "disconnecting": None},
        {"message": "a", "game": 1},
    ],
)
def test_response_is_refused_for_its_members(members: dict[str, Any]) -> None:
    """A response whose members are not those of the table is a violation."""
    assert refusal("response", json.dumps(members).encode()) == "PGN-RSP-007"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"A" * 52,
        b"A" * 32 + b"A" * 20 + b"=",
        b"A" * 57,
        b"A" * 55 + b"-",
        b"A" * 30 + b"==" + b"A" * 24,
        b'{"message": "a"}',
        b"A" * 54 + b"==\n",
        b"\xff" * 56,
    ],
)
def test_box_is_refused_for_its_form(text: bytes) -> None:
    """What is no base64 with padding, or too short, is no box."""
    assert refusal("box", text) == "PGN-TUN-003"


@pytest.mark.parametrize("size", [MESSAGE_MOST - 1, MESSAGE_MOST])
def test_messages_up_to_the_limit_are_read_and_written(size: int) -> None:
    """A mebibyte is a message, neither less nor more."""
    data = b'{"message": "' + b"a" * (size - 15) + b'"}'
    assert len(data) == size
    assert BOOK.build("request", BOOK.parse("request", data)) == data


def test_message_beyond_the_limit_is_not_built() -> None:
    """What no receiver has to take is refused to the sender."""
    with pytest.raises(books.Unencodable) as caught:
        BOOK.build("request", {"message": "a" * MESSAGE_MOST})
    assert caught.value.requirement == "PGN-WSB-007"


@pytest.mark.parametrize(
    ("value", "requirement", "path"),
    [
        ({"payload": {}}, "PGN-REQ-003", ""),
        ({"message": 1}, "PGN-REQ-003", "message"),
        ({"message": "a", "payload": {"x": [float("nan")]}}, "PGN-JSN-001", "payload.x[0]"),
        ({"message": "\ud800"}, "PGN-JSN-005", "message"),
        (["a"], "PGN-JSN-001", ""),
    ],
)
def test_unencodable_says_where_and_why(value: Any, requirement: str, path: str) -> None:
    """A value that is not sent is refused with the place that is wrong."""
    with pytest.raises(books.Unencodable) as caught:
        BOOK.build("request", value)
    assert (caught.value.requirement, caught.value.path) == (requirement, path)


def test_guess_tells_requests_from_responses() -> None:
    """Of the two, a text is rather the one that knows its members."""
    request = b'{"message": "a", "payload": {}, "created_on": null, "username": null}'
    response = b'{"message": "a", "status": 0, "disconnecting": false, "game": null}'
    assert BOOK.guess(request) == ("request", "response")
    assert BOOK.guess(response) == ("response", "request")
    assert BOOK.guess(b'{"message": "a"}') == ("request", "response")
    assert BOOK.guess(b"A" * 56) == ("box",)
    assert BOOK.guess(b'{"message": "a", "status": 0, "game"') == ("response", "request")
    assert BOOK.guess(b"?") == ()


def test_dissection_names_the_structure() -> None:
    """Brackets, keys and commas are fields of their own, which no value has."""
    fields = BOOK.dissect("request", b'{"message":"a","payload":{"l":[1]},"x":0}').fields
    named = [(field.path, field.text, field.structural, field.ignored) for field in fields]
    assert named == [
        (":object", "object", True, False),
        ("message:key", '"message"', True, False),
        ("message", '"a"', False, False),
        (":comma", "", True, False),
        ("payload:key", '"payload"', True, False),
        ("payload:object", "object", True, False),
        ("payload.l:key", '"l"', True, False),
        ("payload.l:array", "array", True, False),
        ("payload.l[0]", "1", False, False),
        ("payload.l:end", "", True, False),
        ("payload:end", "", True, False),
        (":comma", "", True, False),
        ("x:key", '"x"', True, True),
        ("x", "0", False, True),
        (":end", "", True, False),
    ]


def test_neutral_form_has_what_strategies_need() -> None:
    """Types, defaults and sizes are in the committed file."""
    form = neutral.load("pgnet")["messages"]
    status = next(key for key in form["response"]["value"]["keys"] if key["name"] == "status")
    game = next(key for key in form["response"]["value"]["keys"] if key["name"] == "game")
    assert (form["response"]["type"], form["response"]["depth"]) == ("json", 32)
    assert (status["type"], status["least"], status["most"], status["default"]) == ("int", 0, 2, 0)
    assert (game["type"], game["nullable"], game["default"]) == ("str", True, None)
    assert form["request"]["value"]["others"]["ignored"]
    nonce, box = form["box"]["fields"]
    assert (nonce["type"], nonce["size"], nonce["octets"]) == ("base64", 32, 24)
    assert (box["size"], box["least"]) == (None, 16)
