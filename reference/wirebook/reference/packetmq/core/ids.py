"""The names and ids of one connection (PMQ-IDS-001).

What may live here: an id map, what can be wrong with a peer's, and looking things up in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wirebook.spec.packetmq.states import APPLICATION_LEAST, ID_MOST, INTERNAL


class Ids:
    """The ids that one connection uses for the packets of the application."""

    __slots__ = ("by_id", "by_name")

    def __init__(self, ids: Mapping[str, int]) -> None:
        self.by_name = dict(ids)
        self.by_id = {number: name for name, number in ids.items()}

    def with_internal(self) -> dict[str, int]:
        """Return the id map to tell the peer: the internal packets first (PMQ-INT-007)."""
        return {**INTERNAL, **self.by_name}

    def has_same_names(self, id_map: Mapping[str, int]) -> bool:
        """Tell whether a peer's id map has the same names as this one, in any order."""
        return id_map.keys() == self.with_internal().keys()


def usable(id_map: Mapping[str, int]) -> bool:
    """Tell whether the ids of a peer's map can be taken over (PMQ-IDS-002)."""
    if len(set(id_map.values())) < len(id_map):
        return False
    return all(
        number == INTERNAL[name] if name in INTERNAL else APPLICATION_LEAST <= number <= ID_MOST
        for name, number in id_map.items()
    )


def of_application(id_map: Mapping[str, int]) -> Ids:
    """Return the ids of an id map without the internal packets."""
    return Ids({name: number for name, number in id_map.items() if name not in INTERNAL})
