"""The book's test vectors, run against the codec, the window and the merging of the reference."""

import pytest

from tests.helpers_reference import SERVER
from tests.helpers_vectors import vectors_of
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.sequence import add, difference, newer
from wirebook.reference.pygase.core.window import Arrival, Window
from wirebook.reference.pygase.errors import LocalProtocolError, Malformed
from wirebook.reference.pygase.gamestate import GameStateUpdate
from wirebook.spec.vectors import Group, Vector, to_typed

of = vectors_of("pygase")


@of("decode")
def test_decodes(group: Group, vector: Vector) -> None:
    """The octets are read as the value, down to the kind of each number."""
    assert to_typed(codec.parse(group.message, vector.data)) == to_typed(vector.value)


@of("reject")
def test_rejects(group: Group, vector: Vector) -> None:
    """The octets are refused, for the requirement that the vector names first."""
    with pytest.raises(Malformed) as refused:
        codec.parse(group.message, vector.data)
    assert refused.value.requirement == vector.requirements[0]


@of("encode")
def test_encodes(group: Group, vector: Vector) -> None:
    """The value becomes the octets, or is refused if it cannot be sent."""
    if vector.result == "invalid":
        with pytest.raises(LocalProtocolError) as refused:
            codec.build(group.message, vector.value)
        assert refused.value.requirement == vector.requirements[0]
        return
    built = codec.build(group.message, vector.value)
    assert built == (vector.data or built)
    single = codec.unpack(codec.pack(vector.value))  # as a receiver sees its floats
    assert to_typed(codec.parse(group.message, built)) == to_typed(single)


@of("arithmetic")
def test_calculates(group: Group, vector: Vector) -> None:
    """Sequences are added and compared as the vector says."""
    operation = {"add": add, "difference": difference, "newer": newer}[vector.detail["op"]]
    assert operation(vector.detail["a"], vector.detail["b"]) == vector.value


@of("transcript", kind="window")
def test_window_transcript(group: Group, vector: Vector) -> None:
    """The window judges each sequence as the vector says, and acks what it says."""
    window = Window()
    effects = []
    for sequence in vector.detail["received"]:
        arrival = window.judge(sequence) if sequence else None
        if arrival in (Arrival.NEWEST, Arrival.LATE):
            window.accept(sequence)
        effects.append(arrival.value if arrival else "invalid")
    assert effects == vector.detail["effects"]
    assert (window.ack, f"{window.bits:032b}") == (
        vector.detail["ack"],
        vector.detail["ack_bitfield"],
    )


@of("transcript", kind="merge")
def test_merge_transcript(group: Group, vector: Vector) -> None:
    """Applying the updates in turn gives the state that the vector has."""
    client = ClientCore(SERVER)
    client.state = dict(vector.detail["state"])
    client.time_order = client.state.pop("time_order", 0)
    for update in vector.detail["updates"]:
        client._update(dict(update))
    state = {**client.state, "time_order": client.time_order}
    assert to_typed(state) == to_typed({"time_order": 0, **vector.value})


@of("transcript", kind="sum")
def test_sum_transcript(group: Group, vector: Vector) -> None:
    """Adding the updates gives the sum that the vector has, whichever comes first."""
    total, *others = (GameStateUpdate.from_wire(update) for update in vector.detail["updates"])
    for update in others:
        assert vars(total + update) == vars(update + total)
        total += update
    assert to_typed(vars(total)) == to_typed(vector.value)
