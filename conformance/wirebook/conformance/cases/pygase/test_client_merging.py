"""Cases: what applying an update does to the state of a client.

What may live here: states and updates. The result is the suite's own reading of the book, which is
held against the book's vectors by the tests of `drivers/pygase/model.py`.
"""

from __future__ import annotations

from typing import Any

import pytest

from wirebook.conformance.cases.pygase.client_fixtures import ClientUnderTest
from wirebook.conformance.drivers.pygase.model import TO_DELETE
from wirebook.conformance.drivers.pygase.raw_server import RawServer
from wirebook.conformance.marks import requires

Map = dict[str, Any]


def check_merged(
    client: ClientUnderTest, server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """Send the full state, then the updates; compare the state at the end."""
    client.open()
    server.send(update={"time_order": 1, "game_status": 1, **state})
    client.wait_state(state, 1, "after the full state")
    for order, update in enumerate(updates, 2):
        server.send(update={"time_order": order, **update})
    client.wait_state(result, 1 + len(updates), f"after {state} and the updates {updates}")


def merges(**rows: tuple[Map, list[Map], Map]) -> pytest.MarkDecorator:
    """Make a case of each state, its updates and the result."""
    names = [name.replace("_", "-") for name in rows]
    return pytest.mark.parametrize(("state", "updates", "result"), list(rows.values()), ids=names)


@merges(
    one_level=({"a": 1, "m": {"x": 1, "y": 2}}, [{"m": {"x": 5}}], {"a": 1, "m": {"x": 5, "y": 2}}),
    three_levels=(
        {"m": {"n": {"o": {"x": 1, "y": 2}, "p": 3}}},
        [{"m": {"n": {"o": {"x": 5, "z": 6}}}}],
        {"m": {"n": {"o": {"x": 5, "y": 2, "z": 6}, "p": 3}}},
    ),
    empty_map=({"m": {"x": 1}}, [{"m": {}}], {"m": {"x": 1}}),
    several_updates=(
        {},
        [{"m": {"x": 1}}, {"m": {"y": 2}}, {"a": 3}],
        {"m": {"x": 1, "y": 2}, "a": 3},
    ),
)
@requires("PGS-MRG-001")
def test_maps_are_merged(
    client: ClientUnderTest, raw_server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """A map of the update is merged into the map of the same key, at every level."""
    check_merged(client, raw_server, state, updates, result)


@merges(
    scalar=({"a": 1, "b": "x"}, [{"a": "2", "b": b"y"}], {"a": "2", "b": b"y"}),
    map_by_scalar=({"a": 1, "m": {"x": 1, "y": 2}}, [{"m": 7}], {"a": 1, "m": 7}),
    map_by_array=({"m": {"x": 1}}, [{"m": [1]}], {"m": [1]}),
    map_by_nil=({"m": {"n": {"x": 1}}}, [{"m": {"n": None}}], {"m": {"n": None}}),
    array=({"l": [1, 2, 3]}, [{"l": [4]}], {"l": [4]}),
    array_of_maps=({"l": [{"x": 1}]}, [{"l": [{"y": 2}]}], {"l": [{"y": 2}]}),
    nested=({"m": {"l": [1, 2], "k": True}}, [{"m": {"l": [], "k": 1}}], {"m": {"l": [], "k": 1}}),
)
@requires("PGS-MRG-002")
def test_other_values_replace(
    client: ClientUnderTest, raw_server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """Every value but a map and TO_DELETE takes the place of what was there."""
    check_merged(client, raw_server, state, updates, result)


@merges(
    attribute=({"a": 1, "b": 2}, [{"a": TO_DELETE}], {"b": 2}),
    map=({"a": 1, "m": {"x": 1}}, [{"m": TO_DELETE}], {"a": 1}),
    nested=(
        {"a": 1, "m": {"x": 1, "y": 2}},
        [{"m": {"x": TO_DELETE}, "a": TO_DELETE}],
        {"m": {"y": 2}},
    ),
    deeply_nested=({"m": {"n": {"x": 1}}}, [{"m": {"n": {"x": TO_DELETE}}}], {"m": {"n": {}}}),
    and_set_again=({"a": 1}, [{"a": TO_DELETE}, {"a": 2}], {"a": 2}),
)
@requires("PGS-MRG-003")
def test_to_delete_removes(
    client: ClientUnderTest, raw_server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """TO_DELETE removes the key it is assigned to, at every level."""
    check_merged(client, raw_server, state, updates, result)


@merges(
    attribute=({"a": 1}, [{"b": TO_DELETE}], {"a": 1}),
    nested=({"m": {"x": 1}}, [{"m": {"y": TO_DELETE}}], {"m": {"x": 1}}),
    twice=({"a": 1, "b": 2}, [{"a": TO_DELETE}, {"a": TO_DELETE}], {"b": 2}),
)
@requires("PGS-MRG-004")
def test_to_delete_of_nothing(
    client: ClientUnderTest, raw_server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """TO_DELETE for a key that the state does not have leaves nothing behind."""
    check_merged(client, raw_server, state, updates, result)


@merges(
    no_such_key=({"a": 1}, [{"m": {"x": TO_DELETE, "y": 3}}], {"a": 1, "m": {"y": 3}}),
    in_place_of_scalar=({"m": 7}, [{"m": {"x": TO_DELETE, "y": 3}}], {"m": {"y": 3}}),
    in_place_of_array=({"m": [1]}, [{"m": {"n": {"x": TO_DELETE}}}], {"m": {"n": {}}}),
    two_levels=({}, [{"m": {"n": {"x": TO_DELETE, "y": 1}}}], {"m": {"n": {"y": 1}}}),
)
@requires("PGS-MRG-005")
def test_map_where_there_is_none(
    client: ClientUnderTest, raw_server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """A map is merged into an empty one where the state has none, so that no TO_DELETE is kept."""
    check_merged(client, raw_server, state, updates, result)


@requires("PGS-MRG-005", "PGS-SYN-022")
def test_to_delete_in_the_first_update(client: ClientUnderTest, raw_server: RawServer) -> None:
    """TO_DELETE in the update that brings the first state leaves nothing behind either."""
    client.open()
    raw_server.send(update={"time_order": 4, "a": TO_DELETE, "m": {"x": TO_DELETE, "y": 1}})
    client.wait_state({"m": {"y": 1}}, 4, "after the first update")


@merges(
    element=({"a": 1}, [{"l": [TO_DELETE]}], {"a": 1, "l": [TO_DELETE]}),
    nested_element=({}, [{"m": {"l": [0, [TO_DELETE]]}}], {"m": {"l": [0, [TO_DELETE]]}}),
    in_map_in_array=({}, [{"l": [{"x": TO_DELETE}]}], {"l": [{"x": TO_DELETE}]}),
    longer_bin=({"a": 1}, [{"a": TO_DELETE + b"\x00"}], {"a": TO_DELETE + b"\x00"}),
    shorter_bin=({"a": 1}, [{"a": TO_DELETE[:3]}], {"a": TO_DELETE[:3]}),
)
@requires("PGS-MRG-006", "PGS-MRG-002")
def test_looks_like_to_delete(
    client: ClientUnderTest, raw_server: RawServer, state: Map, updates: list[Map], result: Map
) -> None:
    """The octets of TO_DELETE are a value like any other inside an array, or with more around."""
    check_merged(client, raw_server, state, updates, result)
