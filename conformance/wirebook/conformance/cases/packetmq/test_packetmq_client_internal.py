"""Cases: the shapes of the internal packets, those that a client sends and those that it takes.

What may live here: members of maps, text and octets. When the packets come is the business of
`test_packetmq_client_handshake.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgpack
import pytest

from wirebook.conformance.cases.packetmq import inputs
from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import SteeredClient, lost, made
from wirebook.conformance.drivers.packetmq.player import advance, bring_to, join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import (
    about,
    check_violation,
    control,
    control_elsewhere,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import Reason, State

MEMBERS = {
    frames.INIT: {"version"},
    frames.PUBIDS: {"adapt", "idmap"},
    frames.SOFTQUIT: {"reason"},
}
"""What the maps of internal packets may have."""
PUBIDS_OF_A_SERVER = {"adapt": False, "idmap": dict(frames.SERVER_IDS)}


def all_said(client: SteeredClient, server: RawServer) -> dict[int, Any]:
    """Return the payloads of the client's internal packets, with str and bin kept apart."""
    line = join(client)
    client.softquit(line, "reason.bye")
    server.expect(line, frames.SOFTQUIT, seconds=client.patience())
    return {
        packet.id: msgpack.unpackb(packet.octets, strict_map_key=False) for packet in line.packets
    }


def texts_of(value: Any) -> Iterator[Any]:
    """Give what has to be text in an internal packet: every key, and the reason."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_of(item)
    elif not isinstance(value, bool | int | None):
        yield value


@requires("PMQ-INT-002")
def test_sends_no_other_members(client: SteeredClient, raw_server: RawServer) -> None:
    """The maps of the client's internal packets have the members of the book and no others."""
    said = all_said(client, raw_server)
    for packet_id, members in MEMBERS.items():
        if not isinstance(said[packet_id], dict) or set(said[packet_id]) != members:
            raise Violation(f"expected the members {members}, got {said[packet_id]!r:.80}")


@requires("PMQ-MSG-011", "PMQ-INT-004")
def test_sends_str(client: SteeredClient, raw_server: RawServer) -> None:
    """Keys, names and the reason are sent as str."""
    for value in all_said(client, raw_server).values():
        for text in texts_of(value):
            if not isinstance(text, str):
                raise Violation(f"expected a str, got {text!r}")


@requires("PMQ-INT-009", "PMQ-MSG-001")
def test_sends_nil_to_finish(client: SteeredClient, raw_server: RawServer) -> None:
    """The payload of the client's `handshake_finish` is nil."""
    finish = all_said(client, raw_server)[frames.FINISH]
    if finish is not None:
        raise Violation(f"expected nil, got {finish!r:.80}")


@requires("PMQ-INT-006", "PMQ-PID-002")
def test_lists_its_registry(client: SteeredClient) -> None:
    """The id map has every packet of the registry with its own id, and the internal ones."""
    for packets in ({}, {"app:one": 16, "app:two": 65_535}, {"b:b": 300, "a:a": 20, "c:c": 70}):
        client.register(packets)
        line = bring_to(client, State.IDCHECK)
        listed = line.of_kind(frames.PUBIDS)[0].value
        if listed != {"adapt": True, "idmap": {**frames.INTERNAL, **packets}}:
            raise Violation(f"expected the packets {packets}, got {listed}")


@requires("PMQ-INT-007")
def test_lists_in_order(client: SteeredClient) -> None:
    """The id map has the internal packets first, and then the others as they were registered."""
    packets = {"z:last": 20, "a:first": 300, "m:between": 16}
    client.register(packets)
    line = bring_to(client, State.IDCHECK)
    names = list(line.of_kind(frames.PUBIDS)[0].value["idmap"])
    if names != [*frames.INTERNAL, *packets]:
        raise Violation(f"expected the order of registration, got {names}")


@requires("PMQ-INT-001")
def test_takes_other_members(client: SteeredClient, raw_server: RawServer) -> None:
    """Members that the client does not know make no difference to the handshake."""
    for name, member in inputs.MORE_MEMBERS.items():
        for first in (True, False):
            with about(client, f"{name}, {'first' if first else 'last'}"):
                line = bring_to(client, State.CONN_MADE)
                init = inputs.with_member({"version": 1}, member, first=first)
                line.send(frames.packet(frames.INIT, init))
                pubids = inputs.with_member(PUBIDS_OF_A_SERVER, member, first=first)
                line.send_all([frames.packet(frames.PUBIDS, pubids), frames.finish()])
                raw_server.expect(line, frames.FINISH, seconds=client.patience())
                client.wait_notified(line, made())
                control(client, line)


@requires("PMQ-INT-001", "PMQ-LST-001")
def test_takes_other_members_of_softquit(client: SteeredClient) -> None:
    """Members of a softquit that the client does not know change nothing about its reason."""
    for name in ("str", "integer", "known-elsewhere"):
        member = inputs.MORE_MEMBERS["str" if name == "known-elsewhere" else name]
        with about(client, name):
            line = join(client)
            softquit = inputs.with_member({"reason": "reason.bye"}, member, first=True)
            line.send(frames.packet(frames.SOFTQUIT, softquit))
            client.wait_notified(line, made(), lost("reason.bye"))


@requires("PMQ-INT-003", "PMQ-ERR-003", "PMQ-ERR-002")
def test_init_of_another_shape(client: SteeredClient) -> None:
    """A `handshake_init` that has no integer for its version is malformed."""
    for name, payload in inputs.BAD_INITS.items():
        with about(client, name):
            line = bring_to(client, State.CONN_MADE)
            check_violation(client, line, Reason.MALFORMED, frames.packet(frames.INIT, payload))


@requires("PMQ-INT-008", "PMQ-ERR-003", "PMQ-ERR-002")
def test_pubids_of_another_shape(client: SteeredClient) -> None:
    """A `handshake_pubids` without a boolean, or without a map of texts to ids, is malformed."""
    for name, payload in inputs.BAD_PUBIDS.items():
        with about(client, name):
            line = bring_to(client, State.IDCHECK)
            check_violation(client, line, Reason.MALFORMED, frames.packet(frames.PUBIDS, payload))


@pytest.mark.parametrize("packet_id", [frames.INIT, frames.PUBIDS], ids=["init", "pubids"])
@requires("PMQ-HSK-009", "PMQ-INT-003", "PMQ-INT-008", "PMQ-ERR-003")
def test_shape_out_of_turn(client: SteeredClient, packet_id: int) -> None:
    """A packet that its state ignores is malformed all the same if it has another shape."""
    line = join(client)
    control(client, line)
    check_violation(client, line, Reason.MALFORMED, frames.say(packet_id, {"other": 1}))


UNREADABLE = {
    "nothing": b"",
    "reserved-octet": b"\xc1",
    "cut-off": frames.packed({"reason": "reason.bye"})[:-1],
    "octet-behind": frames.packed({"reason": "reason.bye"}) + b"\xc0",
    "bad-utf8": frames.packed({"reason": "reason.bye"})[:-1] + b"\xff",
}
"""Payloads of a softquit that are not one value."""


@pytest.mark.parametrize("payloads", [inputs.NO_REASONS, UNREADABLE], ids=["shape", "malformed"])
@requires("PMQ-INT-005", "PMQ-LST-001", "PMQ-SFQ-006")
def test_softquit_without_reason(
    client: SteeredClient, raw_server: RawServer, payloads: Mapping[str, bytes]
) -> None:
    """A softquit without a text for its reason is one with `reason.unknown`."""
    for name, payload in payloads.items():
        with about(client, name):
            line = join(client)
            line.send(frames.packet(frames.SOFTQUIT, payload))
            client.wait_notified(line, made(), lost(Reason.UNKNOWN))
            raw_server.expect_end(line, client.patience())
            if frames.SOFTQUIT in line.kinds:
                raise Violation(f"expected no answer to a softquit, got {line}")
    control_elsewhere(client)


FINISHES = [None, True, 7, "text", b"\xff", [1, [2]], {"a": 1}, {1: None}]


@requires("PMQ-INT-010")
def test_any_finish(client: SteeredClient) -> None:
    """A `handshake_finish` counts whatever its payload is, if it is well-formed."""
    for value in FINISHES:
        with about(client, f"{value!r}"):
            line = bring_to(client, State.ACTIVE)
            line.say(frames.FINISH, value)
            client.wait_notified(line, made())
            control(client, line)


OF_PYTHON_2 = {
    "init": bytes.fromhex("0000000d000081c40776657273696f6e01"),
    "softquit": bytes.fromhex(
        "00000023000181c406726561736f6ec416726561736f6e2e76657273696f6e6d69736d61746368"
    ),
    "pubids": bytes.fromhex(
        "00000084000282c4056164617074c3c40569646d617085c4177061636b65746d713a68616e647368616b655f"
        "696e697400c4117061636b65746d713a736f66747175697401c4197061636b65746d713a68616e647368616b"
        "655f70756269647302c4197061636b65746d713a68616e647368616b655f66696e69736803c4086170703a65"
        "63686f28"
    ),
}
"""Frames of a peer that was written for Python 2, with text as bin; it adapts, and has one name."""


@requires("PMQ-MSG-012")
def test_python_2(client: SteeredClient, raw_server: RawServer) -> None:
    """The packets of a peer for Python 2 are read as those of any other, from init to softquit."""
    client.register({"app:echo": 40}, adapt=False)
    line = bring_to(client, State.CONN_MADE)
    line.send(OF_PYTHON_2["init"])
    raw_server.expect(line, frames.PUBIDS, seconds=client.patience())
    line.send_all([OF_PYTHON_2["pubids"], frames.finish()])
    raw_server.expect(line, frames.FINISH, seconds=client.patience())
    client.wait_notified(line, made())
    line.send(OF_PYTHON_2["softquit"])
    client.wait_notified(line, made(), lost("reason.versionmismatch"))


@requires("PMQ-MSG-012", "PMQ-HSK-008")
def test_names_as_bin(client: SteeredClient, raw_server: RawServer) -> None:
    """Names and keys that are bin, or now bin and now str, are names like any other."""
    ids = [
        (name.encode() if number % 2 else name, packet_id)
        for number, (name, packet_id) in enumerate(frames.SERVER_IDS.items())
    ]
    for adapt, idmap in ((b"adapt", b"idmap"), ("adapt", b"idmap"), (b"adapt", "idmap")):
        line = bring_to(client, State.IDCHECK)
        line.say(frames.PUBIDS, {adapt: False, idmap: dict(ids)})
        line.send(frames.finish())
        raw_server.expect(line, frames.FINISH, seconds=client.patience())
        client.wait_notified(line, made())
        control(client, line)


@requires("PMQ-MSG-012", "PMQ-MSG-006", "PMQ-ERR-003")
def test_str_and_bin_are_one_key(client: SteeredClient) -> None:
    """A key that is there as str and as bin is there twice."""
    for name, payload in inputs.SAME_TEXT_TWICE.items():
        with about(client, name):
            line = bring_to(client, State.CONN_MADE)
            check_violation(client, line, Reason.MALFORMED, frames.packet(frames.INIT, payload))
    line = bring_to(client, State.CONN_MADE)
    advance(client, line, State.CONN_MADE, State.CONFIRMED)
    control(client, line)
