"""Cases: the ids and names of a client, its own and those that it takes over.

What may live here: registries and id maps. The order of the handshake is in
`test_packetmq_client_handshake.py`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from wirebook.conformance.drivers.packetmq import frames
from wirebook.conformance.drivers.packetmq.controls import OWN_PACKETS, SteeredClient, made
from wirebook.conformance.drivers.packetmq.player import advance, bring_to, join
from wirebook.conformance.drivers.packetmq.raw_server import RawServer
from wirebook.conformance.drivers.packetmq.verify_client import (
    ECHO,
    ITEM,
    about,
    check_violation,
    control,
    control_elsewhere,
    expect_refusal,
)
from wirebook.conformance.marks import requires
from wirebook.conformance.verdicts import Violation
from wirebook.spec.packetmq.states import Reason, State

NAMES = list(frames.APPLICATION)
TURNED_ROUND = {**frames.INTERNAL, **dict(zip(NAMES, range(27, 16, -1), strict=True))}
"""The ids of a server, given to other names."""
FAR_OFF = {**frames.INTERNAL, **dict(zip(NAMES, range(65_525, 65_536), strict=True))}
"""The greatest ids that there are."""
LEAST = {**frames.INTERNAL, **dict(zip(NAMES, range(16, 27), strict=True))}
"""The least ids that there are."""


@pytest.mark.parametrize(
    "ids", [TURNED_ROUND, FAR_OFF, LEAST], ids=["turned-round", "greatest", "least"]
)
@requires("PMQ-HSK-008")
def test_takes_over(client: SteeredClient, ids: Mapping[str, int]) -> None:
    """An adaptive client sends and reads the ids of its server, whichever they are."""
    control(client, join(client, ids))


@requires("PMQ-IDS-001", "PMQ-HSK-008")
def test_ids_belong_to_connections(client: SteeredClient, raw_server: RawServer) -> None:
    """A client with several servers uses with each of them the ids of that one."""
    addresses = [raw_server.address, raw_server.listen(), raw_server.listen()]
    lines = [
        join(client, ids, address=address)
        for ids, address in zip((frames.SERVER_IDS, TURNED_ROUND, FAR_OFF), addresses, strict=True)
    ]
    for line in [*lines, *reversed(lines)]:
        control(client, line)


@requires("PMQ-IDS-001", "PMQ-INT-006")
def test_registry_stays_as_it_is(client: SteeredClient) -> None:
    """What a client has taken over shows in nothing that it says to its next server."""
    for ids in (frames.SERVER_IDS, FAR_OFF, frames.SERVER_IDS):
        line = bring_to(client, State.IDCHECK)
        said = line.of_kind(frames.PUBIDS)[0].value["idmap"]
        if said != frames.CLIENT_IDS:
            raise Violation(f"expected the client's own ids, got {said}")
        advance(client, line, State.IDCHECK, State.CONFIRMED, ids=ids)
        control(client, line)


@requires("PMQ-EXC-002", "PMQ-IDS-001", "PMQ-ERR-002")
def test_own_ids_are_gone(client: SteeredClient) -> None:
    """An id of the client's own that it has given up is one that nobody has."""
    line = join(client)
    control(client, line)
    data = frames.say(frames.CLIENT_IDS[ITEM], 1)
    check_violation(client, line, Reason.UNKNOWN_PACKET, data)


@requires("PMQ-HSK-008", "PMQ-HSK-006")
def test_names_have_no_order(client: SteeredClient, rng: random.Random) -> None:
    """The same names in any order are the same names."""
    pairs = list(frames.SERVER_IDS.items())
    orders = [pairs[::-1], pairs[4:] + pairs[:4], sorted(pairs)]
    orders += [rng.sample(pairs, len(pairs)) for _ in range(5)]
    for order in orders:
        with about(client, f"the order {[packet_id for _, packet_id in order]}"):
            control(client, join(client, dict(order)))


ECHO_MISSING = {name: number for name, number in frames.SERVER_IDS.items() if name != ECHO}
OTHER_NAMES: Mapping[str, Mapping[str, int]] = {
    "one-missing": ECHO_MISSING,
    "one-more": {**frames.SERVER_IDS, "conformance:other": 99},
    "one-instead": {**ECHO_MISSING, "conformance:Echo": 17},
    "a-space-more": {**ECHO_MISSING, "conformance:echo ": 17},
    "only-internal": frames.INTERNAL,
    "without-internal": frames.APPLICATION,
    "one-internal-missing": {
        name: number for name, number in frames.SERVER_IDS.items() if number != frames.FINISH
    },
    "none": {},
}


@pytest.mark.parametrize("ids", list(OTHER_NAMES.values()), ids=list(OTHER_NAMES))
@requires("PMQ-HSK-006", "PMQ-HSK-007", "PMQ-SFQ-001")
def test_other_names(client: SteeredClient, ids: Mapping[str, int]) -> None:
    """A client parts from a server that has another set of names, and says nothing more."""
    line = bring_to(client, State.IDCHECK)
    line.send_all([frames.pubids(adapt=False, ids=ids), frames.finish()])
    expect_refusal(client, line, Reason.OTHER_NAMES)
    if made() in client.notified(line):
        raise Violation("expected the connection never to be made, it was")
    control_elsewhere(client)


SWAPPED = dict(zip(frames.INTERNAL, (1, 0, 3, 2), strict=True))
UNUSABLE: Mapping[str, Mapping[str, int]] = {
    "init-and-softquit-swapped": {**frames.SERVER_IDS, **SWAPPED},
    "softquit-is-17": {**frames.SERVER_IDS, "packetmq:softquit": 17, ECHO: 99},
    "finish-is-4": {**frames.SERVER_IDS, "packetmq:handshake_finish": 4},
    "all-internal-above-16": {
        **frames.SERVER_IDS,
        **dict(zip(frames.INTERNAL, range(200, 204), strict=True)),
    },
    "echo-is-softquit": {**frames.SERVER_IDS, ECHO: 1},
    "echo-is-0": {**frames.SERVER_IDS, ECHO: 0},
    "echo-is-4": {**frames.SERVER_IDS, ECHO: 4},
    "echo-is-15": {**frames.SERVER_IDS, ECHO: 15},
    "echo-and-item-are-one": {**frames.SERVER_IDS, ECHO: frames.ITEM},
    "all-are-one": {**frames.INTERNAL, **dict.fromkeys(NAMES, 17)},
    "other-names-too": {**frames.INTERNAL, "other:packet": 3},
}


@pytest.mark.parametrize("ids", list(UNUSABLE.values()), ids=list(UNUSABLE))
@requires("PMQ-IDS-002", "PMQ-HSK-007", "PMQ-PID-002")
def test_unusable_ids(client: SteeredClient, raw_server: RawServer, ids: Mapping[str, int]) -> None:
    """An id map that would move internal packets, or be ambiguous, is malformed and forgotten."""
    line = bring_to(client, State.IDCHECK)
    line.send_all([frames.pubids(adapt=False, ids=ids), frames.finish()])
    expect_refusal(client, line, Reason.MALFORMED)
    control_elsewhere(client)
    # PMQ-PID-002: what was in the map has no effect on other connections.
    other = join(client, TURNED_ROUND)
    control(client, other)
    client.softquit(other, "reason.bye")
    raw_server.expect(other, frames.SOFTQUIT, seconds=client.patience())


PEERS: Mapping[str, Mapping[str, int]] = {
    "same-names": frames.CLIENT_IDS,
    "other-names": {**frames.INTERNAL, "other:packet": 17},
    "unusable-ids": UNUSABLE["init-and-softquit-swapped"],
    "none": {},
}


@pytest.mark.parametrize("ids", list(PEERS.values()), ids=list(PEERS))
@requires("PMQ-HSK-005", "PMQ-PID-002")
def test_enforces(client: SteeredClient, ids: Mapping[str, int]) -> None:
    """An enforcing client keeps its ids, and does not ask which names its server has."""
    client.register(adapt=False)
    control(client, join(client, ids))


@pytest.mark.parametrize("packet_id", [-1, 0, 1, 3, 4, 15, 65_536, 65_537, 1 << 31])
@requires("PMQ-PID-003")
def test_refuses_ids(client: SteeredClient, packet_id: int) -> None:
    """A registry refuses an id that no packet of the application can have."""
    if client.try_to_register([("app:good", 16), ("app:bad", packet_id)]) is None:
        raise Violation(f"expected id {packet_id} to be refused, it was not")
    client.register({"app:least": 16, "app:greatest": 65_535})
    line = bring_to(client, State.IDCHECK)
    listed = line.of_kind(frames.PUBIDS)[0].value["idmap"]
    if listed != {**frames.INTERNAL, "app:least": 16, "app:greatest": 65_535}:
        raise Violation(f"expected the ids 16 and 65535 to be taken, got {listed}")


TWICE = {
    "name": [("app:one", 16), ("app:one", 17)],
    "id": [("app:one", 16), ("app:two", 16)],
    "pair": [("app:one", 16), ("app:one", 16)],
    "internal-name": [("packetmq:softquit", 16)],
}


@pytest.mark.parametrize("packets", list(TWICE.values()), ids=list(TWICE))
@requires("PMQ-PID-004")
def test_refuses_what_it_has(client: SteeredClient, packets: list[tuple[str, int]]) -> None:
    """A registry refuses a name or an id that it has already."""
    if client.try_to_register(packets) is None:
        raise Violation(f"expected {packets[-1]} to be refused, it was not")
    client.register(OWN_PACKETS)
    control(client, join(client))


BAD_NAMES = {
    "empty": "",
    "no-colon": "application",
    "only-a-colon": ":",
    "no-application": ":packet",
    "no-packet": "application:",
    "two-colons": "application:packet:more",
    "no-ascii": "äpplication:packet",
    "line-feed": "application:pac\nket",
    "delete": "application:packet\x7f",
}


@pytest.mark.parametrize("name", list(BAD_NAMES.values()), ids=list(BAD_NAMES))
@requires("PMQ-PID-005")
def test_refuses_names(client: SteeredClient, name: str) -> None:
    """A registry refuses a name that is not printable ASCII with one colon in between."""
    if client.try_to_register([("app:good", 16), (name, 17)]) is None:
        raise Violation(f"expected the name {name!r} to be refused, it was not")
    client.register({"a:b": 16, "!app.lication-1:P_2~": 17})
    bring_to(client, State.IDCHECK)
