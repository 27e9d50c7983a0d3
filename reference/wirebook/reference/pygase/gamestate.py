"""The documented game state, and updates to it.

What may live here: the classes that games make states and updates of. How updates are merged is in
`core.merging`; what a server remembers of a state is in `core.history`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from wirebook.reference.pygase import codec
from wirebook.reference.pygase.core.merging import TO_DELETE, added, merged
from wirebook.reference.pygase.utils import NamedEnum, Sendable, Sqn

__all__ = ["TO_DELETE", "GameState", "GameStateUpdate", "GameStatus"]


class GameStatus(NamedEnum):
    """Whether the game runs: `'Paused'` or `'Active'`."""


GameStatus.register("Paused")
GameStatus.register("Active")


class GameState(Sendable):
    """A game state: any attributes, and the two that the protocol has."""

    time_order: Sqn
    """The number of this version of the state."""
    game_status: int
    """A value of `GameStatus`."""

    def __init__(self, time_order: int = 0, game_status: int = 0, **kwargs: Any) -> None:
        self.__dict__.update(kwargs)
        self.game_status = game_status
        self.time_order = Sqn(time_order)

    def is_paused(self) -> bool:
        """Tell whether the game is paused."""
        return bool(self.game_status == GameStatus.get("Paused"))

    def __lt__(self, other: GameState | GameStateUpdate) -> bool:
        return _is_older(self, other)

    def __add__(self, update: GameStateUpdate) -> GameState:
        """Apply an update, if it is newer, and return this state."""
        if not isinstance(update, GameStateUpdate):
            return NotImplemented
        if self < update:
            apply(self, attributes(update), update.time_order)
        return self

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the game state has no attribute {name!r}")

    if TYPE_CHECKING:  # attributes are whatever the game makes them

        def __setattr__(self, name: str, value: Any) -> None: ...


class GameStateUpdate(Sendable):
    """Changes to a game state: an attribute for each that changes, `TO_DELETE` to remove one."""

    time_order: Sqn
    """The version of the state that the update leads to."""

    def __init__(self, time_order: int, **kwargs: Any) -> None:
        self.__dict__.update(kwargs)
        self.time_order = Sqn(time_order)

    @classmethod
    def from_bytes(cls, bytepack: bytes) -> GameStateUpdate:
        """Return the update that the octets are."""
        return cls.from_wire(codec.parse_update(bytepack))

    @classmethod
    def from_wire(cls, members: Mapping[str, Any]) -> GameStateUpdate:
        """Return the update with these members, `time_order` among them."""
        update = cls.__new__(cls)
        update.__dict__.update(members)
        update.time_order = Sqn(update.time_order)
        return update

    def __lt__(self, other: GameState | GameStateUpdate) -> bool:
        return _is_older(self, other)

    @overload
    def __add__(self, other: GameStateUpdate) -> GameStateUpdate: ...

    @overload
    def __add__(self, other: GameState) -> GameState: ...

    def __add__(self, other: GameState | GameStateUpdate) -> GameState | GameStateUpdate:
        """Combine two updates, or apply this one to a state."""
        if isinstance(other, GameState):
            return other + self
        if not isinstance(other, GameStateUpdate):
            return NotImplemented
        older, newer = (self, other) if self < other else (other, self)
        # PGS-MRG-010
        return GameStateUpdate.from_wire(added(older.__dict__, newer.__dict__))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the update has no attribute {name!r}")

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...


def attributes(state: GameState | GameStateUpdate) -> dict[str, Any]:
    """Return the attributes, without the time order."""
    return {name: value for name, value in state.__dict__.items() if name != "time_order"}


def copied(state: GameState) -> GameState:
    """Return another state with the same attributes, whatever they are called."""
    copy = GameState()
    copy.__dict__.update(state.__dict__)
    return copy


def apply(state: GameState, update: Mapping[str, Any], time_order: int) -> None:
    """Apply the members of an update to a state, whatever their time orders.

    Attributes are replaced one by one and never changed inside, for the sake of those who read the
    state meanwhile.
    """
    after = merged(state.__dict__, update)
    for name in [name for name in state.__dict__ if name not in after]:
        del state.__dict__[name]
    state.__dict__.update(after)
    state.time_order = Sqn(time_order)


def _is_older(one: GameState | GameStateUpdate, other: GameState | GameStateUpdate) -> bool:
    if not isinstance(other, GameState | GameStateUpdate):
        return NotImplemented
    return Sqn(one.time_order) < Sqn(other.time_order)
