"""JSON and messages by hand against the schemas: two readings of a page that must always agree."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebook.reference.pgnet import codec, strict_json
from wirebook.reference.pgnet.codec import MOST_TEXT
from wirebook.reference.pgnet.errors import Malformed, Unencodable
from wirebook.reference.pgnet.messages import Packet, Response, Status
from wirebook.spec import books, dissection
from wirebook.spec.vectors import to_typed

BOOK = books.get("pgnet")
PARSERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "request": codec.parse_request,
    "response": codec.parse_response,
}

# The book leaves open what a number between the greatest one and infinity is: none is made here.
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
payloads = st.dictionaries(st.text(max_size=4), values, max_size=3)
requests = st.fixed_dictionaries(
    {"message": st.text(max_size=6)},
    optional={
        "payload": payloads,
        "created_on": st.none() | st.text(max_size=4),
        "username": values,
        "other": values,
    },
)
responses = st.fixed_dictionaries(
    {"message": st.text(max_size=6)},
    optional={
        "payload": payloads,
        "status": st.integers(0, 2),
        "created_on": st.none() | st.text(max_size=4),
        "disconnecting": st.booleans(),
        "game": st.none() | st.text(max_size=4),
        "other": values,
    },
)
names = ("message", "payload", "status", "created_on", "disconnecting", "game", "username", "x")
any_objects = st.dictionaries(st.sampled_from(names), values, max_size=6)
pieces = st.sampled_from(
    [
        *'{}[]:,"\\ \n\t\0-+.eE0123456789',
        *("true", "false", "null", "NaN", "Infinity", "1e999", "-1e999", "9" * 400, "0x1", "'"),
        *('"message"', '"message":"a"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\udc00x"', '"\\u0061"'),
        *("\ufeff", "\u2028", "ü", "//", "[" * 31, "]" * 31, '{"a":' * 33, "}" * 33),
    ]
)


def schema(message: str, data: bytes) -> Any:
    """Return what the schema makes of octets, or the requirement that they break."""
    from wirebook.spec.pgnet.wire import meaning

    try:
        return to_typed(meaning(message, BOOK.parse(message, data)))
    except dissection.Malformed as refused:
        return refused.requirement


def reference(message: str, data: bytes) -> Any:
    """Return what the reference makes of octets, or the requirement that they break."""
    try:
        members = PARSERS[message](data)
    except Malformed as refused:
        return refused.requirement
    members.pop("username", None)
    return to_typed(members)


def agree(message: str, data: bytes) -> None:
    """Fail unless both take the octets for the same, or both refuse them."""
    ours, theirs = reference(message, data), schema(message, data)
    if isinstance(theirs, str):
        assert isinstance(ours, str), (data, ours, theirs)
    else:
        assert ours == theirs, data


@given(request=requests, indent=st.none() | st.integers(0, 2), escaped=st.booleans())
def test_requests_are_read_alike(request: Any, indent: int | None, escaped: bool) -> None:
    """Valid requests mean the same to both."""
    data = json.dumps(request, indent=indent, ensure_ascii=escaped).encode()
    assert isinstance(schema("request", data), dict)
    agree("request", data)


@given(response=responses, indent=st.none() | st.integers(0, 2))
def test_responses_are_read_alike(response: Any, indent: int | None) -> None:
    """Valid responses mean the same to both."""
    data = json.dumps(response, indent=indent).encode()
    assert isinstance(schema("response", data), dict)
    agree("response", data)


@given(value=any_objects | values, message=st.sampled_from(sorted(PARSERS)))
def test_other_json_is_refused_alike(value: Any, message: str) -> None:
    """Members of any type are taken by both or by none."""
    agree(message, json.dumps(value).encode())


@given(parts=st.lists(pieces, max_size=12), message=st.sampled_from(sorted(PARSERS)))
def test_rubbish_is_refused_alike(parts: list[str], message: str) -> None:
    """Texts put together from pieces of JSON are taken by both or by none."""
    agree(message, "".join(parts).encode())


@given(
    request=requests, at=st.integers(0, 200), octet=st.integers(0, 255), length=st.integers(0, 3)
)
def test_broken_texts_are_refused_alike(request: Any, at: int, octet: int, length: int) -> None:
    """A text with octets cut out, and another one put in, is taken by both or by none."""
    data = json.dumps(request, ensure_ascii=False).encode()
    at %= len(data) + 1
    agree("request", data[:at] + bytes([octet]) + data[at + length :])


@given(data=st.binary(max_size=40))
def test_octets_are_refused_alike(data: bytes) -> None:
    """Any octets are taken by both or by none."""
    agree("request", data)


@pytest.mark.parametrize("depth", [31, 32, 33, 5000, 500_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_depth(depth: int, begin: str, end: str) -> None:
    """32 deep is taken, 33 is not, and no depth does any harm."""
    inside = begin * (depth - 2) + ("0" if begin != "[" else "") + end * (depth - 2)
    text = f'{{"message":"","payload":{{"v":{inside}}}}}'
    if depth > 32:
        with pytest.raises(Malformed) as refused:
            codec.parse_request(text)
        assert refused.value.requirement == "PGN-JSN-008"
    else:
        assert codec.parse_request(text)["message"] == ""


def test_brackets_in_strings_are_not_depth() -> None:
    """Many brackets in a row mean nothing inside of a string."""
    assert strict_json.read(json.dumps({"v": "[{" * 100})) == {"v": "[{" * 100}


def test_packets_travel() -> None:
    """A packet comes back equal, and says when it was made."""
    packet = Packet("hello", {"a": [1, None, {"b": "ü"}]})
    assert Packet.deserialize(packet.serialize()) == packet
    assert packet.created_on is not None
    assert packet.created_on.endswith("+00:00")
    assert "'a'" not in repr(packet)
    assert "'a'" in packet.debug_repr


def test_responses_travel() -> None:
    """A response comes back equal."""
    response = Response("hello", {"a": 1.5}, Status.UNEXPECTED, None, True, "My Game")
    assert Response.deserialize(response.serialize()) == response
    assert "My Game" in response.debug_repr


def test_messages_refuse_with_type_errors() -> None:
    """As the original does; and unknown members are no reason to."""
    for text in ("", "[]", '{"message": 1}'):
        for kind in (Packet, Response):
            with pytest.raises(TypeError):
                kind.deserialize(text)
    assert Packet.deserialize('{"message": "a", "x": 1}').message == "a"
    with pytest.raises(TypeError):
        Packet("a", {"x": object()}).serialize()


@pytest.mark.parametrize(
    "payload",
    [
        {"x": float("inf")},
        {"x": 10**400},
        {"x": "\udc00"},
        {"x": {1: 1, "1": 2}},
        {"x": b""},
        {"\ud800": 1},
    ],
)
def test_what_no_receiver_takes_is_not_sent(payload: dict[str, Any]) -> None:
    """Whatever would be refused at the other end is refused here."""
    with pytest.raises(Unencodable) as refused:
        Packet("a", payload).serialize()
    assert refused.value.requirement == "PGN-JSN-001"


def test_depth_and_circles_are_not_sent() -> None:
    """Values without a bottom are refused."""
    circle: list[Any] = []
    circle.append(circle)
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    for value in (circle, deep):
        with pytest.raises(Unencodable):
            Packet("a", {"x": value}).serialize()


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": 1},
        {"message": "a", "payload": []},
        {"message": "a", "status": 3},
        {"message": "a", "status": True},
        {"message": "a", "created_on": 1},
        {"message": "a", "disconnecting": 1},
        {"message": "a", "game": 1},
    ],
)
def test_members_of_other_types_are_not_sent(wrong: dict[str, Any]) -> None:
    """A response whose members have other types is refused."""
    with pytest.raises(Unencodable):
        Response(**wrong).serialize()
    if "status" not in wrong and "disconnecting" not in wrong and "game" not in wrong:
        with pytest.raises(Unencodable):
            Packet(**wrong).serialize()


def test_size() -> None:
    """What fits into a box of 1 MiB is sent, and nothing larger."""
    empty = len(Packet("", created_on="x").serialize())
    Packet("m" * (MOST_TEXT - empty), created_on="x").serialize()
    with pytest.raises(Unencodable):
        Packet("m" * (MOST_TEXT - empty + 1), created_on="x").serialize()
