"""Whatever arrives, whenever it does: the server core lives, and keeps what the book promises."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_reference import SERVER, Network, client_package, covers, event
from wirebook.reference.pygase.core.limits import Limits
from wirebook.spec.pygase.states import ServerState

EVENT = event("E")
LIMITS = Limits(connections=3, events_to_send=4, events_to_handle=6, packages_per_second=50)

addresses = st.integers(1, 5).map(lambda number: ("203.0.113.7", number))
sequences = st.integers(1, 5) | st.integers(0, 65535)
packages = st.builds(
    client_package,
    st.integers(1, 65535) | st.integers(1, 5),
    sequences,
    st.sampled_from([0, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1),
    sequences,
)
with_events = st.builds(
    lambda package, count: package + (b"\0" + bytes([len(EVENT)]) + EVENT) * count,
    packages,
    st.integers(0, 7),
)
noise = st.binary(max_size=30) | st.sampled_from([b"shutdown", b"shut_me_down", bytes(2049)])
datagrams = packages | with_events | noise
actions = st.one_of(
    st.tuples(st.just("arrives"), addresses, datagrams),
    st.tuples(st.just("passes"), st.sampled_from([0.0, 0.001, 0.025, 0.3, 1.0, 2.6, 5.0, 11.0])),
    st.tuples(st.just("broadcast")),
    st.tuples(st.just("state"), st.integers(0, 3000)),
)


@covers("PGS-ERR-001", "PGS-SEC-001", "PGS-SEC-002", "PGS-LIM-001", "PGS-CON-012")
@settings(max_examples=150)
@given(st.lists(actions, max_size=40))
def test_nothing_that_arrives_breaks_the_server(script: list[Any]) -> None:
    """No sequence of datagrams and pauses raises, exceeds a limit, or buys an amplification."""
    network = Network(LIMITS)
    took: Counter[Any] = Counter()
    octets: Counter[Any] = Counter()
    step = 0
    for action, *details in script:
        match action:
            case "arrives":
                address, data = details
                took[address] += 1
                octets[address] += len(data)
                network.inject(data, address)
            case "passes":
                network.run(details[0])
            case "broadcast":
                network.server.broadcast(EVENT)
            case "state":
                step += 1
                network.publish(step, {"fill": "x" * details[0]})
        assert len(network.server.peers) <= LIMITS.connections
        for address, peer in network.server.peers.items():
            if peer.state is ServerState.CONNECTING:
                answers = [data for _, _, to, data in network.traffic if to == address]
                assert len(answers) <= took[address]
                assert sum(map(len, answers)) <= 3 * octets[address]
    network.run(11.0)
    assert not network.server.peers
    assert network.server.next_timer() is None
    begin = network.now
    network.run(5.0)
    assert not network.sent_by(SERVER, begin)
