"""The server's side of the state: snapshots, differences, and the update that each client gets."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_reference import covers
from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core import history as history_module
from wirebook.reference.pygase.core.history import History, Update
from wirebook.reference.pygase.core.merging import TO_DELETE, added, alike, merged
from wirebook.reference.pygase.core.sequence import add
from wirebook.reference.pygase.core.snapshots import snapshot
from wirebook.reference.pygase.errors import Unencodable

scalars = (
    st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, "", "x", b"", b"x"])
    | st.integers(-5, 5)
    | st.floats(width=32, allow_nan=False)
)
keys = st.sampled_from(["a", "b", "c", "m", "n", 1, b"k"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["a", "b", "m", "n"])
states = st.dictionaries(names, values, max_size=4)
partial = st.recursive(
    scalars | st.just(TO_DELETE) | st.lists(scalars, max_size=2),
    lambda inner: st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
updates = st.dictionaries(names, partial, max_size=3)


def read(update: Update) -> dict[str, Any]:
    """Return the members of an update, as a client reads them."""
    return codec.parse_update(update.octets)


def applied(state: dict[str, Any], update: Update) -> dict[str, Any]:
    """Return the state of a client that applies an update."""
    members = read(update)
    assert members.pop("time_order") == update.time_order
    return merged(state, members)


def same(one: Any, other: Any) -> bool:
    """Tell whether two states are the same on the wire."""
    return alike(codec.unpack(codec.pack(one)), codec.unpack(codec.pack(other)))


def history_of(*versions: dict[str, Any], first: int = 1) -> History:
    """Return a history of these states, one step after the other."""
    history = History()
    for step, version in enumerate(versions):
        history.record(add(first, step), version)
    return history


@covers("PGS-SYN-003", "PGS-SYN-006", "PGS-SYN-007")
@given(st.lists(states, min_size=1, max_size=5), st.integers(1, 65535))
def test_update_is_right_for_every_version_since(versions: list[Any], first: int) -> None:
    """What was sent on the way to a client may have arrived, and the update still is right."""
    history = history_of(*versions, first=first)
    for held in range(len(versions)):
        update = history.update_for(add(first, held))
        unknown = history.update_for(0, sent_since=add(first, held))
        for version in versions[held:]:
            state = dict(snapshot(version, {}))
            assert same(applied(state, update), snapshot(versions[-1], {}))
            assert same(applied(state, unknown), snapshot(versions[-1], {}))


def test_what_changed_and_changed_back_is_sent() -> None:
    """A client that reports the first version may have got the second: it has to come back."""
    history = history_of({"a": 1}, {"a": 2, "b": 1}, {"a": 1})
    assert read(history.update_for(1)) == {"a": 1, "b": TO_DELETE, "time_order": 3}


def test_what_a_newcomer_was_sent_is_taken_back() -> None:
    """A newcomer that reports no state may have got a full one, with keys that are gone now."""
    history = history_of({"a": 1, "b": 1}, {"a": 1})
    assert read(history.update_for(0)) == {"a": 1, "time_order": 2}
    assert read(history.update_for(0, sent_since=1)) == {
        "a": 1,
        "b": TO_DELETE,
        "time_order": 2,
    }


@given(states)
def test_equal_states_share_everything(state: Any) -> None:
    """A snapshot of a state that did not change is the one before."""
    before = snapshot(state, {})
    copy = codec.unpack(codec.pack(state))
    assert snapshot(copy, before) is before


@covers("PGS-SYN-003", "PGS-SYN-004", "PGS-SYN-005", "PGS-SYN-008")
@given(st.lists(states, min_size=1, max_size=6), st.integers(0, 5), st.integers(1, 65535))
def test_update_turns_any_version_into_the_newest(versions: Any, held: int, first: int) -> None:
    """From whichever version a client has, its update leads to the newest, at any time order."""
    held %= len(versions)
    history = history_of(*versions, first=first)
    update = history.update_for(add(first, held))
    assert update.complete
    assert same(applied(versions[held], update), snapshot(versions[-1], {}))


@covers("PGS-SYN-003")
def test_a_map_deleted_and_set_again_loses_its_old_keys() -> None:
    """What a sum of updates would forget is deleted key by key."""
    history = history_of({"m": {"old": 1}}, {}, {"m": {"new": 2}})
    assert read(history.update_for(1))["m"] == {"old": TO_DELETE, "new": 2}


@covers("PGS-SYN-003")
def test_a_change_of_kind_is_a_change() -> None:
    """`True`, `1` and `1.0` are three values to a client."""
    history = history_of({"a": 1, "l": [1]}, {"a": True, "l": [True]}, {"a": 1.0, "l": [1.0]})
    assert read(history.update_for(1)) == {"a": 1.0, "l": [1.0], "time_order": 3}
    assert read(history.update_for(2)) == {"a": 1.0, "l": [1.0], "time_order": 3}


@covers("PGS-SYN-009")
def test_status_is_sent_like_an_attribute() -> None:
    """A change of `game_status` is in the update, and only then."""
    history = history_of({"game_status": 0}, {"game_status": 1}, {"game_status": 1})
    assert read(history.update_for(1)) == {"game_status": 1, "time_order": 3}
    assert read(history.update_for(2)) == {"time_order": 3}


@covers("PGS-SYN-002", "PGS-SYN-007")
@pytest.mark.parametrize("reported", [0, 7, 40000, 65530])
def test_who_holds_nothing_known_gets_everything(reported: int) -> None:
    """No state, one newer than ours and one too old are all answered with the full state."""
    history = history_of({"a": 1}, {"a": 2, "game_status": 1})
    assert read(history.update_for(reported)) == {"a": 2, "game_status": 1, "time_order": 2}


@covers("PGS-SYN-004", "PGS-SYN-006")
def test_a_hundred_steps_are_changes_and_more_are_everything() -> None:
    """Up to 100 steps only what changed is sent; up to 1000 everything, and the deletions."""
    versions: list[dict[str, Any]] = [{"same": 1, "gone": 1, "m": {"gone": 1, "x": 0}}]
    versions += [{"same": 1, "m": {"x": step}} for step in range(1, 1002)]
    history = history_of(*versions[:101])
    assert read(history.update_for(1)) == {
        "gone": TO_DELETE,
        "m": {"gone": TO_DELETE, "x": 100},
        "time_order": 101,
    }
    for steps in (101, 1000):
        history = history_of(*versions[: steps + 1])
        assert read(history.update_for(1)) == {
            "same": 1,
            "gone": TO_DELETE,
            "m": {"gone": TO_DELETE, "x": steps},
            "time_order": steps + 1,
        }
    history = history_of(*versions)
    assert read(history.update_for(1)) == {"same": 1, "m": {"x": 1001}, "time_order": 1002}


@covers("PGS-SYN-010")
def test_the_longest_way_that_fits_is_taken() -> None:
    """If the newest state is out of reach, the client is taken as far as there is room."""
    versions: list[dict[str, Any]] = [{"n": 0}, {"n": 1}, {"n": 2}]
    history = history_of(*versions, {"n": 3, "fill": "x" * 3000})
    update = history.update_for(1)
    assert (read(update), update.complete) == ({"n": 2, "time_order": 3}, False)
    waiting = history.update_for(3)
    assert (read(waiting), waiting.complete) == ({"time_order": 3}, False)
    history.record(5, {"n": 4})
    assert history.update_for(3).complete


@covers("PGS-SYN-010")
def test_a_newcomer_waits_until_the_state_fits() -> None:
    """Without a state to start from nothing fits, and the empty update says so."""
    history = history_of({"n": 0}, {"fill": "x" * 3000})
    assert read(history.update_for(0)) == {"time_order": 0}
    history.record(3, {"n": 1})
    assert read(history.update_for(0)) == {"n": 1, "time_order": 3}


@covers("PGS-SYN-010")
@given(sizes=st.lists(st.integers(0, 60), min_size=2, max_size=20), room=st.integers(24, 90))
def test_the_version_taken_is_the_newest_that_fits(sizes: list[int], room: int) -> None:
    """Whatever grows and shrinks, no newer version than the one taken would have fitted."""
    versions = [{"n": step, "x": "x" * size} for step, size in enumerate(sizes)]
    history = history_of(*versions)
    for _ in versions:  # a long search goes on with each call
        update = history.update_for(1, room)
    sent = {
        step: len(history_of(*versions[:step]).update_for(1).octets)
        for step in range(1, len(versions) + 1)
    }
    fitting = [step for step, size in sent.items() if size <= room]
    assert update.time_order == max(fitting)
    assert len(update.octets) <= room


@covers("PGS-SYN-010")
def test_a_long_search_goes_on_with_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that looks at few versions at once still finds the newest one that fits."""
    monkeypatch.setattr(history_module, "_TRIED_AT_ONCE", 4)
    versions: list[dict[str, Any]] = [{"n": 0}, {"n": 1}]
    versions += [{"n": step, "fill": "x" * 3000} for step in range(2, 20)]
    history = history_of(*versions)
    reached = [history.update_for(1).time_order for _ in range(6)]
    assert reached[0] == 1
    assert reached[-1] == 2
    history.record(21, {"n": 20, "fill": "x" * 4000})
    assert history.update_for(1).time_order == 2
    history.record(22, {"n": 21})
    history.record(23, {"n": 22, "fill": "x" * 4000})
    assert history.update_for(1).time_order == 22


def test_octets_are_shared_by_clients_of_the_same_version() -> None:
    """Two clients that hold the same version are given the same object."""
    history = history_of({"a": 1}, {"a": 2})
    assert history.update_for(1).octets is history.update_for(1).octets


def test_going_back_begins_anew() -> None:
    """A state whose time order goes back is a new game: nothing of the old one is compared."""
    history = history_of({"a": 1}, {"a": 2}, first=500)
    history.record(3, {"b": 1})
    assert read(history.update_for(500)) == {"b": 1, "time_order": 3}


@pytest.mark.parametrize(
    "state",
    [
        {"a": {1, 2}},
        {"a": 1e300},
        {"a": 2**64},
        {"a": "\ud800"},
        {"a": {(1, 2): 3}},
        {1: 2},
        {"game_status": 2},
        {"game_status": True},
    ],
)
def test_states_that_cannot_be_sent_are_refused(state: Any) -> None:
    """A state that no client could read is refused, and the last one stays the newest."""
    history = history_of({"a": 1})
    with pytest.raises(Unencodable):
        history.record(2, state)
    assert read(history.update_for(0)) == {"a": 1, "time_order": 1}


@covers("PGS-MRG-010")
@given(states, updates, updates)
def test_sum_with_its_base_is_exact(base: Any, first: Any, second: Any) -> None:
    """With the state it is for at hand, a sum does what its parts do one after the other."""
    base = dict(snapshot(base, {}))
    one_by_one = merged(merged(base, first), second)
    assert same(merged(base, added(first, second, base)), one_by_one)


@covers("PGS-MRG-010")
def test_plain_sum_keeps_deletions_as_values() -> None:
    """The newer value counts, maps are added, and TO_DELETE is a value like any other."""
    older = {"a": 1, "m": {"x": 1, "y": 1}, "d": TO_DELETE}
    newer = {"a": TO_DELETE, "m": {"y": 2}, "d": {"k": TO_DELETE}}
    assert added(older, newer) == {
        "a": TO_DELETE,
        "m": {"x": 1, "y": 2},
        "d": {"k": TO_DELETE},
    }
