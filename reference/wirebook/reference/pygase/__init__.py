"""PyGaSe: a real-time game over UDP, with the documented API of the package of that name.

Whoever writes a game needs what is listed here. `core` has the protocol without input and output,
`codec` the datagrams, and the other modules what their docstrings say.
"""

from wirebook.reference.pygase.backend import Backend, GameStateMachine, GameStateStore, Server
from wirebook.reference.pygase.client import Client
from wirebook.reference.pygase.errors import LocalProtocolError, PyGaSeError, RemoteProtocolError
from wirebook.reference.pygase.event import Event
from wirebook.reference.pygase.gamestate import TO_DELETE, GameState, GameStateUpdate, GameStatus
from wirebook.reference.pygase.utils import get_available_ip_addresses

__all__ = [
    "TO_DELETE",
    "Backend",
    "Client",
    "Event",
    "GameState",
    "GameStateMachine",
    "GameStateStore",
    "GameStateUpdate",
    "GameStatus",
    "LocalProtocolError",
    "PyGaSeError",
    "RemoteProtocolError",
    "Server",
    "get_available_ip_addresses",
]
