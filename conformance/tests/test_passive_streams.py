"""The observable rules of PacketMQ and PGNet: each is seen broken, a good session is left alone.

The good sessions are what the originals have said to each other, from the books' vectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgpack
import pytest

from tests.helpers_sessions import SERVER, capture, transfer
from wirebook.conformance import passive
from wirebook.conformance.passive import Ledger
from wirebook.conformance.verdicts import Transfer
from wirebook.spec import vectors
from wirebook.spec.pgnet import tunnel

KEPT = Path(__file__).parent / "captures" / "pgnet-reference-on-loopback.pcap"

Said = tuple[str, bytes]
"""Who says something, and what."""
Spoil = Callable[[list[Said]], list[Said]]

INIT, SOFTQUIT, PUBIDS, FINISH = range(4)


def judged(book: str, said: Sequence[Said], keys: Sequence[bytes] = ()) -> Ledger:
    transport = "tcp" if book == "packetmq" else "websocket"
    data = capture(
        transfer(number / 100, role, octets, transport=transport)
        for number, (role, octets) in enumerate(said)
    )
    return passive.judge(book, data, keys)


def found(ledger: Ledger) -> set[tuple[str, str]]:
    return {(one.role, one.requirement) for one in ledger.breaches}


def put(place: int, role: str, data: bytes, *, instead: bool = False) -> Spoil:
    """Return what puts something said into a session, or instead of what is said there."""
    return lambda session: [*session[:place], (role, data), *session[place + instead :]]


def swap(place: int, role: str, data: bytes) -> Spoil:
    return put(place, role, data, instead=True)


# PacketMQ


def frame(number: int, value: Any) -> bytes:
    payload: bytes = msgpack.packb(value)
    content = number.to_bytes(2) + payload
    return len(content).to_bytes(4) + content


def packetmq() -> list[Said]:
    """Return what 0.1.5 has said to itself, in its order."""
    named = {}
    for group in vectors.load("packetmq"):
        for test in group.tests:
            if match := re.fullmatch(r"captured-(\d\d)-(client|server)", test.id):
                named[match[1]] = match[2], test.data
    return [named[number] for number in sorted(named)]


IDMAP = {
    f"packetmq:{name}": number
    for number, name in enumerate(
        ("handshake_init", "softquit", "handshake_pubids", "handshake_finish")
    )
}


def pubids(adapt: bool, **changes: Any) -> bytes:
    idmap = (
        {**IDMAP, "app:echo": 40, "app:note": 41}
        if adapt
        else {**IDMAP, "app:echo": 17, "app:note": 18}
    )
    return frame(PUBIDS, {"adapt": adapt, "idmap": {**idmap, **changes}})


BARE = frame(PUBIDS, {"adapt": False, "idmap": {"app:echo": 17}})
TURNED = frame(PUBIDS, {"adapt": False, "idmap": {"app:echo": 17, "app:note": 18, **IDMAP}})


def test_session_of_the_original_packetmq_breaks_nothing() -> None:
    """The original among itself follows all of these rules."""
    ledger = judged("packetmq", packetmq())
    assert (ledger.breaches, len(ledger.sessions)) == ([], 1)
    assert ledger.held()["PMQ-IDS-001"] > 0


def test_packetmq_connection_made_before_the_capture_is_left_open() -> None:
    """Without its beginning, a stream cannot be cut into frames for certain."""
    whole = capture(
        transfer(number, role, octets, transport="tcp")
        for number, (role, octets) in enumerate(packetmq())
    )
    without_syn = whole[:24] + whole[_end_of_records(whole, 3) :]
    ledger = passive.judge("packetmq", without_syn)
    assert ledger.breaches == []
    assert [one.text for one in ledger.open] == ["a connection that was made before the capture"]


@pytest.mark.parametrize(
    ("spoil", "role", "requirement"),
    [
        (put(0, "client", frame(16, 1)), "client", "PMQ-HSK-001"),
        (put(2, "client", frame(INIT, {"version": 1})), "client", "PMQ-HSK-001"),
        (put(1, "client", pubids(True)), "client", "PMQ-HSK-002"),
        (swap(1, "server", frame(INIT, {"version": 2})), "client", "PMQ-HSK-003"),
        (put(3, "server", frame(FINISH, None)), "server", "PMQ-HSK-005"),
        (put(2, "client", frame(FINISH, None)), "client", None),
        (swap(2, "server", pubids(True)), "client", "PMQ-HSK-007"),
        (swap(2, "server", pubids(False, **{"app:more": 19})), "client", "PMQ-HSK-007"),
        (put(6, "client", pubids(True)), "client", "PMQ-HSK-009"),
        (put(4, "client", frame(17, 1)), "client", "PMQ-EXC-005"),
        (put(8, "client", frame(40, 1)), "client", "PMQ-IDS-001"),
        (put(8, "server", frame(40, 1)), "server", "PMQ-INT-006"),
        (put(19, "client", frame(17, 1)), "client", "PMQ-SFQ-001"),
        (put(8, "client", frame(7, 1)), "client", "PMQ-PID-003"),
        (put(8, "client", b"\0\0\0\3\0\x11\xc1"), "client", "PMQ-MSG-010"),
        (put(8, "client", b"\0\0\0\2\0\x11"), "client", "PMQ-MSG-001"),
        (put(8, "client", b"\0\1\x86\xa0"), "client", "PMQ-FRM-003"),
        (put(8, "client", b"\0\0\0\1\0"), "client", "PMQ-PID-001"),
        (swap(0, "client", frame(INIT, {"version": "1"})), "client", "PMQ-INT-003"),
        (swap(0, "client", frame(INIT, {"version": 1, "x": 1})), "client", "PMQ-INT-002"),
        (swap(0, "client", frame(INIT, {b"version": 1})), "client", "PMQ-MSG-011"),
        (swap(18, "client", frame(SOFTQUIT, {"reason": 1})), "client", "PMQ-INT-004"),
        (swap(4, "client", frame(FINISH, 1)), "client", "PMQ-INT-009"),
        (swap(2, "server", BARE), "server", "PMQ-INT-006"),
        (swap(2, "server", pubids(False, **{"app:note": 17})), "server", "PMQ-PID-004"),
        (swap(2, "server", pubids(False, **{"app:note": 9})), "server", "PMQ-PID-003"),
        (swap(2, "server", pubids(False, note=19)), "server", "PMQ-PID-005"),
        (swap(2, "server", TURNED), "server", "PMQ-INT-007"),
    ],
)  # fmt: skip
def test_packetmq_breach_is_found(spoil: Spoil, role: str, requirement: str | None) -> None:
    """Whoever breaks a rule is named, with the rule."""
    breaches = found(judged("packetmq", spoil(packetmq())))
    if requirement is None:
        assert {side for side, _ in breaches} == {role}
    else:
        assert (role, requirement) in breaches


def test_packetmq_id_map_out_of_turn_does_not_count() -> None:
    """What comes before a handshake_init is ignored, and so it is here (PMQ-HSK-009)."""
    session = put(0, "server", pubids(True))(packetmq())
    assert {side for side, _ in found(judged("packetmq", session))} == {"server"}


# PGNet


def pgnet() -> tuple[list[Said], list[bytes]]:
    """Return a session of 0.2.1, and both private keys."""
    (test,) = (
        test
        for group in vectors.load("pgnet")
        for test in group.tests
        if test.id == "captured-0.2.1-session"
    )
    said = [(one["from"], bytes(one["text"])) for one in test.detail["messages"]]
    return said, [test.detail["client_private_key"], test.detail["server_private_key"]]


def boxed(value: object, nonce: int = 1) -> bytes:
    """Return a value in a box between the two."""
    private, other = pgnet()[1]
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    public = tunnel.public_key_of(other)
    return tunnel.seal(text, nonce.to_bytes(24), private, public).encode()


def response(**changes: Any) -> dict[str, Any]:
    value = {
        "message": "",
        "payload": {},
        "status": 0,
        "created_on": "2025-01-01T00:00:00+00:00",
        "disconnecting": False,
        "game": None,
    }
    return {name: one for name, one in {**value, **changes}.items() if one != "left out"}


def request(**changes: Any) -> dict[str, Any]:
    return {"message": "x", "created_on": "2025-01-01T00:00:00+00:00", **changes}


NO_KEY = json.dumps(request(payload={"pubkey": "x"})).encode()
CLEAR = json.dumps(response()).encode()
LOGIN = request(payload={"username": "a", "password": 1})


def test_session_of_the_original_pgnet_breaks_nothing() -> None:
    """The original among itself follows all of these rules; one key of the two is enough."""
    said, keys = pgnet()
    for key in keys:
        ledger = judged("pgnet", said, [key])
        assert (ledger.breaches, ledger.open, len(ledger.sessions)) == ([], [], 1)
        assert ledger.held()["PGN-RSP-003"] > 3


def test_pgnet_without_a_key_says_what_is_open() -> None:
    """The boxes stay closed, and that is told; a key of somebody else opens none."""
    said, _ = pgnet()
    for keys in ([], [bytes(31) + b"\1"]):
        ledger = judged("pgnet", said, keys)
        assert ledger.breaches == []
        assert [one.text for one in ledger.open] == ["what is in the boxes: --key FILE opens them"]


@pytest.mark.parametrize(
    ("spoil", "role", "requirement"),
    [
        (swap(0, "client", NO_KEY), "client", "PGN-KEY-001"),
        (swap(0, "client", NO_KEY), "server", "PGN-KEY-003"),
        (swap(1, "server", CLEAR), "server", "PGN-KEY-002"),
        (swap(1, "server", boxed(response())), "server", "PGN-KEY-002"),
        (swap(2, "client", b"{}"), "client", "PGN-TUN-001"),
        (swap(2, "client", b"\xff\xfe"), "client", "PGN-WSB-002"),
        (lambda said: [*said[:4], said[2], *said[5:]], "client", "PGN-TUN-002"),
        (lambda said: [*said[:5], ("server", said[2][1]), *said[6:]], "server", "PGN-TUN-002"),
        (put(3, "client", boxed(request())), "client", "PGN-CLI-001"),
        (put(4, "server", boxed(response())), "server", "PGN-RSP-002"),
        (swap(2, "client", boxed(LOGIN)), "client", "PGN-OPN-001"),
        (swap(3, "server", boxed(response(status=1))), "server", "PGN-OPN-004"),
        (swap(4, "client", boxed(request(more=1))), "client", "PGN-REQ-001"),
        (swap(4, "client", boxed(request(created_on="today"))), "client", "PGN-REQ-007"),
        (swap(4, "client", boxed(request(payload=[]))), "client", "PGN-REQ-003"),
        (swap(4, "client", boxed(b"[]")), "client", "PGN-JSN-003"),
        (swap(5, "server", boxed(response(game="left out"))), "server", "PGN-RSP-003"),
        (swap(5, "server", boxed(response(more=1))), "server", "PGN-RSP-003"),
        (swap(5, "server", boxed(response(disconnecting=True))), "server", "PGN-RSP-005"),
        (swap(5, "server", boxed(response(status=7))), "server", "PGN-RSP-007"),
        (swap(5, "server", boxed(response())[:-8] + b"AAAAAAA="), "server", "PGN-TUN-001"),
    ],
)  # fmt: skip
def test_pgnet_breach_is_found(spoil: Spoil, role: str, requirement: str) -> None:
    """Whoever breaks a rule is named, with the rule."""
    said, keys = pgnet()
    assert (role, requirement) in found(judged("pgnet", spoil(said), keys[:1]))


def test_pgnet_key_of_another_connection_is_found() -> None:
    """A client that uses its key pair again is named."""
    said, _ = pgnet()
    both = [
        transfer(number / 100, role, octets, transport="websocket", client=f"127.0.0.1:{port}")
        for port in (5000, 5001)
        for number, (role, octets) in enumerate(said)
    ]
    assert found(passive.judge("pgnet", capture(both))) == {("client", "PGN-TUN-007")}


def test_capture_of_a_network_interface_is_judged_like_one_of_the_suite() -> None:
    """Real segments, acknowledgements and handshakes: the reference with itself, on loopback."""
    ledger = passive.judge("pgnet", KEPT.read_bytes())
    assert (ledger.breaches, len(ledger.sessions), ledger.problems) == ([], 7, [])
    assert ledger.held()["PGN-TUN-002"] == 38


@pytest.mark.parametrize(
    ("how", "breaches"),
    [
        ("websocket 1000 bye", set()),
        ("websocket 1008 box", set()),
        ("websocket 1002 frames", set()),
        ("websocket 4000 tired", {("server", "PGN-ERR-001")}),
    ],
)
def test_pgnet_close_code_is_judged(how: str, breaches: set[tuple[str, str]]) -> None:
    """A side closes with the codes of the book."""
    said, _ = pgnet()
    transfers = [
        transfer(number / 100, role, octets, transport="websocket")
        for number, (role, octets) in enumerate(said)
    ]
    end = Transfer(9.0, "close", "", how, "127.0.0.1:5000", SERVER, "websocket", by="target")
    assert found(passive.judge("pgnet", capture([*transfers, end]))) == breaches


def test_pgnet_key_is_shown_nowhere() -> None:
    """Neither a breach nor what is left open tells a private key."""
    said, keys = pgnet()
    ledger = judged("pgnet", swap(4, "client", boxed(b"[]"))(said), keys)
    shown = repr(ledger)
    assert all(key.hex() not in shown and tunnel.encode_key(key) not in shown for key in keys)


def _end_of_records(data: bytes, number: int) -> int:
    offset = 24
    for _ in range(number):
        offset += 16 + int.from_bytes(data[offset + 8 : offset + 12], "little")
    return offset
