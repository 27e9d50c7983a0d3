"""The schemas of PyGaSe: round trips, and the requirement behind every refusal."""

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebook.spec import books, requirements
from wirebook.spec.vectors import same

BOOK = books.get("pygase")
PROTOCOL_ID = bytes.fromhex("ffd0fab9")
UPDATE = b"\x81\xaatime_order\x05"
EVENT = b"\x83\xa4type\xa1E\xachandler_args\x90\xaehandler_kwargs\x80"

steady = settings(deadline=None, derandomize=True)

sequences = st.integers(1, 65535)
orders = st.integers(0, 65535)
texts = st.text(max_size=8)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(width=32)
    | texts
    | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
headers = st.fixed_dictionaries(
    {
        "protocol_id": st.just(PROTOCOL_ID),
        "sequence": sequences,
        "ack": orders,
        "ack_bitfield": st.integers(0, 2**32 - 1),
    }
)
events = st.lists(
    st.fixed_dictionaries(
        {
            "type": texts,
            "handler_args": st.lists(values, max_size=2),
            "handler_kwargs": st.dictionaries(texts, values, max_size=2),
        }
    ),
    max_size=3,
)
updates = st.builds(
    lambda members, known: members | known,
    st.dictionaries(texts, values, max_size=3),
    st.fixed_dictionaries({"time_order": orders}, optional={"game_status": st.integers(0, 1)}),
)
messages = (
    st.tuples(
        st.just("client-package"),
        st.fixed_dictionaries({"header": headers, "time_order": orders, "events": events}),
    )
    | st.tuples(
        st.just("server-package"),
        st.fixed_dictionaries({"header": headers, "update": updates, "events": events}),
    )
    | st.tuples(st.just("package"), st.fixed_dictionaries({"header": headers, "events": events}))
)


def header(sequence: int = 1) -> bytes:
    """Return a header."""
    return PROTOCOL_ID + struct.pack(">HHI", sequence, 0, 0)


def entry(octets: bytes) -> bytes:
    """Return octets behind their length."""
    return struct.pack(">H", len(octets)) + octets


def client(*entries: bytes) -> bytes:
    """Return a client package with these entries."""
    return header() + b"\x00\x00" + b"".join(map(entry, entries))


def server(update: bytes) -> bytes:
    """Return a server package with this update."""
    return header() + entry(update)


def event(kind: bytes = b"\xa1E", args: bytes = b"\x90", kwargs: bytes = b"\x80") -> bytes:
    """Return the octets of an event."""
    return b"\x83\xa4type" + kind + b"\xachandler_args" + args + b"\xaehandler_kwargs" + kwargs


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
def test_dissection_agrees_with_parsing(message: tuple[str, dict[str, Any]]) -> None:
    """The fields of a dissection cover the datagram and carry the values that parsing yields."""
    name, value = message
    data = BOOK.build(name, value)
    dissection = BOOK.dissect(name, data)
    assert dissection.error is None
    assert sum(field.length for field in dissection.fields) == len(data)
    found = {field.path: field.value for field in dissection.fields}
    assert found["header.sequence"] == value["header"]["sequence"]
    for index, item in enumerate(value["events"]):
        assert found[f"events[{index}].type"] == item["type"]


@settings(steady, max_examples=40)
@given(messages)
def test_every_truncation_is_refused(message: tuple[str, dict[str, Any]]) -> None:
    """A package cut off inside its header, its update or an entry is malformed, for a requirement.

    One that is cut off between two entries is a package with fewer events.
    """
    name, value = message
    data = BOOK.build(name, value)
    dissection = BOOK.dissect(name, data)
    starts = {field.offset - 2 for field in dissection.fields if field.path.endswith("]:map")}
    ends = starts | {BOOK.messages[name].least if name != "server-package" else len(data)}
    for size in range(len(data)):
        if size not in ends:
            assert refusal(name, data[:size]) in {"PGS-HDR-003", "PGS-BOD-001", "PGS-BOD-002"}


@steady
@given(st.sampled_from(list(BOOK.messages)), st.binary(max_size=80))
def test_arbitrary_octets_are_read_or_refused_for_a_requirement(name: str, data: bytes) -> None:
    """No input draws any other exception, and no refusal lacks its requirement."""
    for octets in (data, header() + data):
        error = BOOK.dissect(name, octets).error
        assert error is None or error.requirement in REQUIREMENTS


@steady
@given(st.sampled_from(["client-package", "server-package"]), st.data())
def test_one_changed_octet_is_read_or_refused_for_a_requirement(
    name: str, data: st.DataObject
) -> None:
    """A valid package with any octet changed is either valid or refused for a requirement."""
    valid = client(EVENT, EVENT) if name == "client-package" else server(UPDATE) + entry(EVENT)
    octets = bytearray(valid)
    octets[data.draw(st.integers(0, len(valid) - 1))] = data.draw(st.integers(0, 255))
    error = BOOK.dissect(name, bytes(octets)).error
    assert error is None or error.requirement in REQUIREMENTS


@pytest.mark.parametrize(
    ("data", "requirement"),
    [
        (b"", "PGS-HDR-003"),
        (client()[:13], "PGS-HDR-003"),
        (PROTOCOL_ID + b"\x00", "PGS-HDR-003"),
        (b"\xff\xd0\xfa\xb8" + client()[4:], "PGS-HDR-002"),
        (header(0) + b"\x00\x00", "PGS-HDR-004"),
        (client() + b"\x00", "PGS-BOD-002"),
        (client() + b"\x00\x01", "PGS-BOD-002"),
        (client() + b"\xff\xff" + EVENT, "PGS-BOD-002"),
        (client(b""), "PGS-BOD-003"),
        (client(EVENT[:-1]), "PGS-BOD-003"),
        (client(EVENT + b"\xc0"), "PGS-BOD-003"),
        (client(EVENT, b"\x90"), "PGS-EVT-001"),
        (client(b"\x80"), "PGS-EVT-001"),
        (client(b"\x84" + EVENT[1:] + b"\xa1x\x01"), "PGS-EVT-001"),
        (client(b"\x84" + EVENT[1:] + b"\x01\x01"), "PGS-EVT-001"),
        (client(event(kind=b"\xc4\x01E")), "PGS-EVT-002"),
        (client(event(args=b"\x80")), "PGS-EVT-002"),
        (client(event(kwargs=b"\x90")), "PGS-EVT-002"),
        (client(event(kwargs=b"\x81\x01\x01")), "PGS-EVT-002"),
        (client(event(args=b"\x91\xd6\xff\x00\x00\x00\x00")), "PGS-MSG-008"),
        (client(event(args=b"\x91\xc1")), "PGS-MSG-009"),
        (client(event(args=b"\x91\xa1\xff")), "PGS-MSG-010"),
        (client(event(args=b"\x91\x82\x01\x01\x01\x01")), "PGS-MSG-011"),
        (client(event(args=b"\x91\x81\x90\x01")), "PGS-MSG-013"),
        (client(event(args=b"\x91" * 32 + b"\x01")), "PGS-MSG-015"),
        (client() + bytes(2035), "PGS-DGM-003"),
    ],
)
def test_client_package_is_refused_for_the_right_requirement(data: bytes, requirement: str) -> None:
    """Every rejection that the book names comes with the number that it has there."""
    assert refusal("client-package", data) == requirement


@pytest.mark.parametrize(
    ("data", "requirement"),
    [
        (header(), "PGS-HDR-003"),
        (server(UPDATE)[:-1], "PGS-BOD-001"),
        (server(b""), "PGS-BOD-003"),
        (server(UPDATE + b"\xc0"), "PGS-BOD-003"),
        (server(b"\x90"), "PGS-UPD-001"),
        (server(b"\xc0"), "PGS-UPD-001"),
        (server(b"\x82" + UPDATE[1:] + b"\x01\x01"), "PGS-UPD-001"),
        (server(b"\x80"), "PGS-UPD-002"),
        (server(UPDATE[:-1] + b"\xff"), "PGS-UPD-002"),
        (server(UPDATE[:-1] + b"\xc3"), "PGS-UPD-002"),
        (server(UPDATE[:-1] + b"\xce\x00\x01\x00\x00"), "PGS-UPD-002"),
        (server(b"\x82" + UPDATE[1:] + b"\xabgame_status\x02"), "PGS-UPD-003"),
        (server(b"\x82" + UPDATE[1:] + b"\xabgame_status\xc2"), "PGS-UPD-003"),
        (server(b"\x82" + UPDATE[1:] + b"\xa1m" + b"\x91" * 32 + b"\xc0"), "PGS-MSG-015"),
        (server(UPDATE) + b"\x00\x02\x01", "PGS-BOD-002"),
    ],
)
def test_server_package_is_refused_for_the_right_requirement(data: bytes, requirement: str) -> None:
    """Every rejection that the book names comes with the number that it has there."""
    assert refusal("server-package", data) == requirement


@pytest.mark.parametrize("size", [2047, 2048])
def test_packages_up_to_the_limit_are_read_and_written(size: int) -> None:
    """2048 octets are one package, neither less nor more."""
    room = size - len(client(event(args=b"\x91\xda\x00\x00")))
    data = client(event(args=b"\x91\xda" + struct.pack(">H", room) + b"x" * room))
    assert len(data) == size
    assert BOOK.build("client-package", BOOK.parse("client-package", data)) == data


def test_package_beyond_the_limit_is_not_built() -> None:
    """What no datagram can carry is refused to the sender."""
    value = BOOK.parse("client-package", client(EVENT))
    value["events"][0]["handler_args"] = ["x" * 2048]
    with pytest.raises(books.Unencodable) as caught:
        BOOK.build("client-package", value)
    assert caught.value.requirement == "PGS-DGM-002"


def test_events_may_have_their_keys_in_any_order() -> None:
    """The order of an event's keys means nothing."""
    turned = b"\x83\xaehandler_kwargs\x80\xachandler_args\x90\xa4type\xa1E"
    first, second = BOOK.parse("client-package", client(EVENT, turned))["events"]
    assert first == second


def test_depth_of_an_event_counts_its_own_map() -> None:
    """An event of depth 32 is taken: its map, `handler_args` and thirty arrays in it."""
    data = client(event(args=b"\x91" * 31 + b"\x01"))
    assert BOOK.parse("client-package", data)["events"]


@pytest.mark.parametrize("word", ["shutdown", "shut_me_down"])
def test_shutdown_datagrams_are_plain_text(word: str) -> None:
    """The two datagrams that are no packages are their own ASCII octets."""
    assert BOOK.parse("shutdown", word.encode()) == {"command": word}
    assert BOOK.build("shutdown", {"command": word}) == word.encode()


@pytest.mark.parametrize("data", [b"shutdown\n", b"Shutdown", b"shut", b"shut_me_down!", b""])
def test_other_text_is_no_shutdown(data: bytes) -> None:
    """Nothing may stand before or after the word."""
    assert refusal("shutdown", data) == "PGS-HDR-002"


REQUIREMENTS = requirements.load("pygase")
