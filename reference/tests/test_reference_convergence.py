"""Whole conversations over networks that lose, duplicate, delay and reorder: both sides agree."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_reference import SERVER, Fate, Network, WindowModel, covers, event
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.happenings import EventAcked, EventLost, EventReceived
from wirebook.reference.pygase.core.merging import alike
from wirebook.reference.pygase.core.sequence import add
from wirebook.reference.pygase.core.snapshots import snapshot
from wirebook.spec.pygase.states import ClientState

rates = st.sampled_from([0.0, 0.1, 0.3])


def bad_network(seed: int, loss: float, duplication: float, delay: float) -> Fate:
    """Return a fate that is the same for the same seed."""
    chance = random.Random(seed)

    def fate(*_: Any) -> list[float]:
        if chance.random() < loss:
            return []
        copies = 2 if chance.random() < duplication else 1
        return [0.001 + delay * chance.random() for _ in range(copies)]

    return fate


@covers("PGS-SYN-003", "PGS-ERR-001")
@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    loss=rates,
    duplication=rates,
    delay=st.sampled_from([0.0, 0.1, 0.4]),
    first=st.sampled_from([1, 65530]),
)
def test_state_converges(
    seed: int, loss: float, duplication: float, delay: float, first: int
) -> None:
    """Once the state rests, the client has it, whatever the network did on the way."""
    network = Network()
    client = network.client()
    network.fate = bad_network(seed, loss, duplication, delay)
    chance = random.Random(seed)
    state: dict[str, Any] = {"game_status": 1}
    for step in range(60):
        key = chance.choice("abcm")
        fill = "x" * chance.choice([0, 10, 700, 1500])
        value = chance.choice([1, True, 1.0, [1, 2], {"k": step}, {"k": {"l": step}}, fill])
        if chance.random() < 0.3:
            state.pop(key, None)
        elif sum(len(str(other)) for other in state.values()) + len(str(value)) < 1800:
            state[key] = value
        network.publish(add(first, step), dict(state))
        network.run(0.02)
    network.run(3.0)
    assert client.status is ClientState.CONNECTED
    assert client.time_order == add(first, 59)
    assert alike(snapshot(client.state, {}), snapshot(state, {}))


@covers("PGS-EVT-013", "PGS-WIN-003")
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), loss=rates, duplication=rates)
def test_acked_events_have_arrived(seed: int, loss: float, duplication: float) -> None:
    """Every event is either acked, and then it arrived, or lost; without retries at most once."""
    network = Network()
    client = network.connected()
    address = network.address_of(client)
    network.fate = bad_network(seed, loss, duplication, 0.1)
    for number in range(40):
        client.dispatch(event("E", number), retries=9 if number % 2 else 0, context=number)
        network.run(0.02)
    network.run(12.0)
    arrived = [happening.event.args[0] for happening in network.seen(EventReceived)]
    acked = {happening.context for happening in network.seen(EventAcked, address)}
    lost = {happening.context for happening in network.seen(EventLost, address)}
    assert acked <= set(arrived)
    assert acked | lost == set(range(40))
    assert not acked & lost
    assert all(arrived.count(number) <= 1 for number in range(0, 40, 2))
    assert set(range(1, 40, 2)) <= set(arrived)


@covers("PGS-ACK-001", "PGS-ACK-002")
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), loss=rates, duplication=rates)
def test_acks_are_what_was_accepted(seed: int, loss: float, duplication: float) -> None:
    """At any time the server acks exactly the packages of the window that have arrived."""
    network = Network()
    network.fate = bad_network(seed, loss, duplication, 0.2)
    client = network.client()
    model, seen = WindowModel(), 0
    for _ in range(100):
        network.run(0.02)
        for _, destination, data in network.arrived[seen:]:
            if destination == SERVER:
                model.take(codec.parse_client_package(data).sequence)
        seen = len(network.arrived)
        for peer in network.server.peers.values():
            assert (peer.window.ack, f"{peer.window.bits:032b}") == (model.newest, model.bits())
    assert client.flight.next_loss() is not None
