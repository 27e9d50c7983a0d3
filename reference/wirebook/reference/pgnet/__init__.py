"""PGNet: turn-based games over WebSocket, with the documented API of the package of that name.

Whoever writes a game needs what is listed here. `core` has the protocol without input and output,
`codec` the messages, `tunnel` the boxes, and the other modules what their docstrings say.
"""

from wirebook.reference.pgnet import client, devclient, examples, server, util
from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.errors import LocalProtocolError, PGNetError, RemoteProtocolError
from wirebook.reference.pgnet.examples import ExampleClient, ExampleGame
from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.messages import Packet, Response, Status
from wirebook.reference.pgnet.server import Server
from wirebook.reference.pgnet.util import DEFAULT_PORT, enable_logging

__all__ = [
    "DEFAULT_PORT",
    "Client",
    "ExampleClient",
    "ExampleGame",
    "Game",
    "LocalProtocolError",
    "PGNetError",
    "Packet",
    "RemoteProtocolError",
    "Response",
    "Server",
    "Status",
    "client",
    "devclient",
    "enable_logging",
    "examples",
    "server",
    "util",
]
