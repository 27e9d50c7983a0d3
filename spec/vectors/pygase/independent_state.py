"""Game states: what updates make of them, and sums of updates.

Writes `independent-state.json`. States, updates and outcomes are written down by hand; a state has
its time order among its members, and one of time order 0 is no state yet.
"""

from typing import Any

from vectors.files import Group, write
from vectors.octets import typed
from vectors.pygase import octets as o

GONE = o.TO_DELETE
Map = dict[Any, Any]

Rows = list[tuple[str, str, Map, Map, Map]]
"""Name, requirements, state, update, result; the time orders are 5, 6 and 6."""

BOOK: Rows = [
    ("nested", "MRG-001", {"a": 1, "m": {"x": 1, "y": 2}}, {"m": {"x": 5}},
     {"a": 1, "m": {"x": 5, "y": 2}}),
    ("replaced", "MRG-002", {"a": 1, "m": {"x": 1, "y": 2}}, {"m": 7}, {"a": 1, "m": 7}),
    ("deleted", "MRG-003", {"a": 1, "m": {"x": 1, "y": 2}}, {"m": {"x": GONE}, "a": GONE},
     {"m": {"y": 2}}),
    ("deleted-missing", "MRG-004", {"a": 1}, {"b": GONE}, {"a": 1}),
    ("deleted-missing-in-new-map", "MRG-005", {"a": 1}, {"m": {"x": GONE, "y": 3}},
     {"a": 1, "m": {"y": 3}}),
    ("array", "MRG-002", {"l": [1, 2, 3]}, {"l": [4]}, {"l": [4]}),
]  # fmt: skip

MERGES: Rows = [
    ("nothing", "SYN-023", {"a": 1}, {}, {"a": 1}),
    ("new-attribute", "MRG-002", {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
    ("nil", "MRG-002", {"a": 1}, {"a": None}, {"a": None}),
    ("scalar-into-nothing", "MRG-002", {}, {"a": 1}, {"a": 1}),
    ("scalar-into-scalar", "MRG-002", {"a": 1}, {"a": "x"}, {"a": "x"}),
    ("other-kind-of-number", "MRG-002", {"a": 1}, {"a": 1.0}, {"a": 1.0}),
    ("map-into-nothing", "MRG-001", {}, {"m": {"x": 1}}, {"m": {"x": 1}}),
    ("map-into-scalar", "MRG-005", {"m": 7}, {"m": {"x": 1}}, {"m": {"x": 1}}),
    ("map-into-array", "MRG-005", {"m": [1, 2]}, {"m": {"x": 1}}, {"m": {"x": 1}}),
    ("map-into-nil", "MRG-005", {"m": None}, {"m": {"x": 1}}, {"m": {"x": 1}}),
    ("map-with-deletion-into-scalar", "MRG-005", {"m": 7}, {"m": {"x": GONE, "y": 3}},
     {"m": {"y": 3}}),
    ("map-of-deletions-into-nothing", "MRG-005", {}, {"m": {"x": GONE}}, {"m": {}}),
    ("map-of-deletions-into-scalar", "MRG-005", {"m": "x"}, {"m": {"x": GONE}}, {"m": {}}),
    ("deletion-deep-in-new-maps", "MRG-005", {}, {"m": {"n": {"x": GONE, "y": 1}}},
     {"m": {"n": {"y": 1}}}),
    ("deletion-deep-in-new-map", "MRG-005", {"m": {"a": 1}}, {"m": {"n": {"x": GONE}}},
     {"m": {"a": 1, "n": {}}}),
    ("empty-map-into-map", "MRG-001", {"m": {"x": 1}}, {"m": {}}, {"m": {"x": 1}}),
    ("empty-map-into-nothing", "MRG-001", {}, {"m": {}}, {"m": {}}),
    ("empty-map-into-scalar", "MRG-005", {"m": 7}, {"m": {}}, {"m": {}}),
    ("map-replaced-by-array", "MRG-002", {"m": {"x": 1}}, {"m": [1]}, {"m": [1]}),
    ("map-replaced-by-nil", "MRG-002", {"m": {"x": 1}}, {"m": None}, {"m": None}),
    ("map-deleted", "MRG-003", {"m": {"x": 1}, "a": 1}, {"m": GONE}, {"a": 1}),
    ("array-deleted", "MRG-003", {"l": [1]}, {"l": GONE}, {}),
    ("last-member-deleted", "MRG-003", {"m": {"x": 1}}, {"m": {"x": GONE}}, {"m": {}}),
    ("missing-member-deleted", "MRG-004", {"m": {"y": 2}}, {"m": {"x": GONE}}, {"m": {"y": 2}}),
    ("three-deep", "MRG-001", {"m": {"n": {"p": {"x": 1, "y": 2}}, "k": 3}},
     {"m": {"n": {"p": {"y": 5, "z": 6}}}}, {"m": {"n": {"p": {"x": 1, "y": 5, "z": 6}}, "k": 3}}),
    ("three-deep-deleted", "MRG-003", {"m": {"n": {"p": {"x": 1, "y": 2}}}},
     {"m": {"n": {"p": {"x": GONE}}}}, {"m": {"n": {"p": {"y": 2}}}}),
    ("array-of-maps-replaced", "MRG-002", {"l": [{"x": 1, "y": 2}]}, {"l": [{"x": 5}]},
     {"l": [{"x": 5}]}),
    ("array-emptied", "MRG-002", {"l": [1, 2]}, {"l": []}, {"l": []}),
    ("token-in-array", "MRG-006", {"l": [1]}, {"l": [GONE, 2]}, {"l": [GONE, 2]}),
    ("token-in-array-in-map", "MRG-006", {"m": {"l": 1}}, {"m": {"l": [GONE]}},
     {"m": {"l": [GONE]}}),
    ("token-in-map-in-array", "MRG-002", {"l": [{"x": 1}]}, {"l": [{"x": GONE}]},
     {"l": [{"x": GONE}]}),
    ("token-as-key", "MRG-001", {"m": {"x": 1}}, {"m": {GONE: 1}}, {"m": {"x": 1, GONE: 1}}),
    ("bin-like-token", "MRG-002", {"a": 1}, {"a": GONE[:3]}, {"a": GONE[:3]}),
    ("bin-longer-than-token", "MRG-002", {"a": 1}, {"a": GONE + b"\0"}, {"a": GONE + b"\0"}),
    ("keys-of-other-types", "MRG-001", {"m": {1: "a", None: "b", b"k": "c"}},
     {"m": {1: "A", b"k": GONE, "k": 2}}, {"m": {1: "A", None: "b", "k": 2}}),
    ("str-and-bin-key", "MRG-003 MSG-004", {"m": {"k": 1, b"k": 2}}, {"m": {"k": GONE}},
     {"m": {b"k": 2}}),
    ("inner-time-order", "MRG-002", {"m": {"time_order": 9}}, {"m": {"time_order": 1}},
     {"m": {"time_order": 1}}),
    ("status", "MRG-002", {"game_status": 0, "a": 1}, {"game_status": 1},
     {"game_status": 1, "a": 1}),
    ("status-kept", "SYN-023", {"game_status": 0}, {"a": 1}, {"game_status": 0, "a": 1}),
]  # fmt: skip

# name, requirements, comment, state, updates, result
ORDERS: list[tuple[str, str, str, Map, list[Map], Map]] = [
    ("stale", "SYN-021", "older: nothing of it counts",
     {"time_order": 9, "a": 1}, [{"time_order": 8, "a": 2, "b": 3}], {"time_order": 9, "a": 1}),
    ("same", "SYN-021", "not newer: nothing of it counts",
     {"time_order": 9, "a": 1}, [{"time_order": 9, "a": 2}], {"time_order": 9, "a": 1}),
    ("stale-deletion", "SYN-021", "",
     {"time_order": 9, "a": 1}, [{"time_order": 8, "a": GONE}], {"time_order": 9, "a": 1}),
    ("swapped", "SYN-021", "the newer one arrives first",
     {"time_order": 1, "a": 1, "b": 1}, [{"time_order": 3, "a": 3}, {"time_order": 2, "a": 2}],
     {"time_order": 3, "a": 3, "b": 1}),
    ("in-turn", "SYN-023", "",
     {"time_order": 1, "a": 1}, [{"time_order": 2, "a": 2}, {"time_order": 3, "b": 3}],
     {"time_order": 3, "a": 2, "b": 3}),
    ("skipped", "SYN-023", "time orders may be left out",
     {"time_order": 1, "a": 1}, [{"time_order": 300, "a": 2}], {"time_order": 300, "a": 2}),
    ("empty-update", "SYN-023", "only the time order moves on",
     {"time_order": 7, "a": 1}, [{"time_order": 8}], {"time_order": 8, "a": 1}),
    ("wrap", "SYN-021 SYN-023", "1 follows 65535",
     {"time_order": 65535, "a": 1}, [{"time_order": 1, "a": 2}], {"time_order": 1, "a": 2}),
    ("wrap-stale", "SYN-021", "65535 is older than 1",
     {"time_order": 1, "a": 1}, [{"time_order": 65535, "a": 2}], {"time_order": 1, "a": 1}),
    ("half-way", "SYN-021", "32767 ahead is newer",
     {"time_order": 1, "a": 1}, [{"time_order": 32768, "a": 2}], {"time_order": 32768, "a": 2}),
    ("beyond-half-way", "SYN-021", "32768 ahead is older",
     {"time_order": 1, "a": 1}, [{"time_order": 32769, "a": 2}], {"time_order": 1, "a": 1}),
    ("zero", "SYN-021", "0 is newer than nothing",
     {"time_order": 9, "a": 1}, [{"time_order": 0, "a": 2}], {"time_order": 9, "a": 1}),
    ("zero-on-high", "SYN-021", "0 does not wrap around to be newer than 40000",
     {"time_order": 40000, "a": 1}, [{"time_order": 0, "a": 2}], {"time_order": 40000, "a": 1}),
    ("zero-on-last", "SYN-021", "nor newer than 65535",
     {"time_order": 65535, "a": 1}, [{"time_order": 0, "a": 2}], {"time_order": 65535, "a": 1}),
    ("zero-on-none", "SYN-021", "an update of time order 0 makes no state",
     {"time_order": 0}, [{"time_order": 0, "a": 1}], {"time_order": 0}),
    ("first", "SYN-022", "the full state",
     {"time_order": 0}, [{"time_order": 1, "game_status": 1, "a": 1}],
     {"time_order": 1, "game_status": 1, "a": 1}),
    ("first-40000", "SYN-022", "any time order is newer than none",
     {"time_order": 0}, [{"time_order": 40000, "game_status": 0, "m": {"x": 1}}],
     {"time_order": 40000, "game_status": 0, "m": {"x": 1}}),
    ("first-65535", "SYN-022", "",
     {"time_order": 0}, [{"time_order": 65535, "a": 1}], {"time_order": 65535, "a": 1}),
    ("first-with-deletion", "SYN-022 MRG-004", "deletions of what is not there leave nothing",
     {"time_order": 0}, [{"time_order": 40000, "a": 1, "b": GONE, "m": {"x": GONE}}],
     {"time_order": 40000, "a": 1, "m": {}}),
    ("set-deleted-set", "MRG-003 MRG-005", "a map that comes back has none of its old members",
     {"time_order": 1}, [{"time_order": 2, "m": {"x": 1}}, {"time_order": 3, "m": GONE},
     {"time_order": 4, "m": {"y": 2}}], {"time_order": 4, "m": {"y": 2}}),
]  # fmt: skip

# name, comment, updates, sum
SUMS: list[tuple[str, str, list[Map], Map]] = [
    ("other-attributes", "", [{"time_order": 5, "a": 1}, {"time_order": 6, "b": 2}],
     {"time_order": 6, "a": 1, "b": 2}),
    ("same-attribute", "the newer value", [{"time_order": 5, "a": 1}, {"time_order": 6, "a": 2}],
     {"time_order": 6, "a": 2}),
    ("newer-first", "whichever comes first in the sum",
     [{"time_order": 6, "a": 2}, {"time_order": 5, "a": 1, "b": 3}],
     {"time_order": 6, "a": 2, "b": 3}),
    ("empty", "", [{"time_order": 5, "a": 1}, {"time_order": 6}], {"time_order": 6, "a": 1}),
    ("both-empty", "", [{"time_order": 5}, {"time_order": 9}], {"time_order": 9}),
    ("maps", "added recursively",
     [{"time_order": 5, "m": {"x": 1, "y": 2}}, {"time_order": 6, "m": {"y": 3, "z": 4}}],
     {"time_order": 6, "m": {"x": 1, "y": 3, "z": 4}}),
    ("maps-newer-first", "",
     [{"time_order": 6, "m": {"y": 3, "z": 4}}, {"time_order": 5, "m": {"x": 1, "y": 2}}],
     {"time_order": 6, "m": {"x": 1, "y": 3, "z": 4}}),
    ("maps-deep", "",
     [{"time_order": 5, "m": {"n": {"x": 1}, "k": 1}}, {"time_order": 6, "m": {"n": {"y": 2}}}],
     {"time_order": 6, "m": {"n": {"x": 1, "y": 2}, "k": 1}}),
    ("arrays", "the newer one as a whole",
     [{"time_order": 5, "l": [1, 2]}, {"time_order": 6, "l": [3]}], {"time_order": 6, "l": [3]}),
    ("scalar-then-map", "",
     [{"time_order": 5, "m": 7}, {"time_order": 6, "m": {"x": 1}}],
     {"time_order": 6, "m": {"x": 1}}),
    ("map-then-scalar", "",
     [{"time_order": 5, "m": {"x": 1}}, {"time_order": 6, "m": 7}], {"time_order": 6, "m": 7}),
    ("value-then-deletion", "TO_DELETE is kept",
     [{"time_order": 5, "a": 1}, {"time_order": 6, "a": GONE}], {"time_order": 6, "a": GONE}),
    ("deletion-then-value", "",
     [{"time_order": 5, "a": GONE}, {"time_order": 6, "a": 1}], {"time_order": 6, "a": 1}),
    ("deletion-of-other", "TO_DELETE is kept where there is nothing to delete",
     [{"time_order": 5, "a": 1}, {"time_order": 6, "b": GONE}],
     {"time_order": 6, "a": 1, "b": GONE}),
    ("older-deletion", "",
     [{"time_order": 5, "b": GONE}, {"time_order": 6, "a": 1}],
     {"time_order": 6, "b": GONE, "a": 1}),
    ("deletion-in-map", "",
     [{"time_order": 5, "m": {"x": 1, "y": 2}}, {"time_order": 6, "m": {"x": GONE}}],
     {"time_order": 6, "m": {"x": GONE, "y": 2}}),
    ("deletion-in-new-map", "kept, unlike in a state",
     [{"time_order": 5, "a": 1}, {"time_order": 6, "m": {"x": GONE}}],
     {"time_order": 6, "a": 1, "m": {"x": GONE}}),
    ("deletion-in-map-over-scalar", "",
     [{"time_order": 5, "m": 7}, {"time_order": 6, "m": {"x": GONE, "y": 1}}],
     {"time_order": 6, "m": {"x": GONE, "y": 1}}),
    ("map-then-deletion", "",
     [{"time_order": 5, "m": {"x": 1}}, {"time_order": 6, "m": GONE}],
     {"time_order": 6, "m": GONE}),
    ("deletion-then-map", "the loss that the book warns of",
     [{"time_order": 5, "m": GONE}, {"time_order": 6, "m": {"k": 1}}],
     {"time_order": 6, "m": {"k": 1}}),
    ("status", "",
     [{"time_order": 5, "game_status": 1}, {"time_order": 6, "game_status": 0}],
     {"time_order": 6, "game_status": 0}),
    ("wrap", "1 is newer than 65535",
     [{"time_order": 65535, "a": 1}, {"time_order": 1, "a": 2}], {"time_order": 1, "a": 2}),
    ("wrap-newer-first", "",
     [{"time_order": 1, "a": 2}, {"time_order": 65535, "a": 1}], {"time_order": 1, "a": 2}),
    ("half-way", "32769 is older than 1",
     [{"time_order": 1, "a": 2}, {"time_order": 32769, "a": 1}], {"time_order": 1, "a": 2}),
    ("three", "",
     [{"time_order": 5, "a": 1, "b": 1, "m": {"x": 1}}, {"time_order": 6, "a": 2, "m": {"y": 2}},
      {"time_order": 7, "a": GONE, "m": {"x": GONE}}],
     {"time_order": 7, "a": GONE, "b": 1, "m": {"x": GONE, "y": 2}}),
]  # fmt: skip


def merges() -> Group:
    """Transcripts of a client's state."""
    group = Group("transcript", "Updates, applied in turn to a state.")
    for prefix, origin, rows in (("merge-book", "the book's table", BOOK), ("merge", "", MERGES)):
        for name, requirements, state, update, value in rows:
            group.transcript(
                "merge",
                f"{prefix}-{name}",
                requirements,
                comment=origin,
                state=typed({"time_order": 5, **state}),
                updates=[typed({"time_order": 6, **update})],
                value=typed({"time_order": 6, **value}),
            )
    for name, requirements, comment, state, updates, value in ORDERS:
        group.transcript(
            "merge",
            f"merge-order-{name}",
            requirements,
            comment=comment,
            state=typed(state),
            updates=typed(updates),
            value=typed(value),
        )
    return group


def sums() -> Group:
    """Sums of updates."""
    group = Group("transcript", "Updates, added.")
    for name, comment, updates, value in SUMS:
        group.transcript(
            "sum",
            f"sum-{name}",
            "MRG-010",
            comment=comment,
            updates=typed(updates),
            value=typed(value),
        )
    return group


if __name__ == "__main__":
    write(
        "pygase",
        "independent-state.json",
        "What updates make of a game state, and sums of updates.",
        [merges(), sums()],
    )
