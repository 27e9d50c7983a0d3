"""A stand-in for the package PGNet 0.2.1, which is in no package registry.

Made from what is known of that package: its documented names, and what it does on the wire, with
all that is wrong with it. It is there so that the target `pgnet-0.2.1`, its adapters and its
expectations can be tried where the package is not, and shares no code with it or with this project.
Put the folder above on `PYTHONPATH`, and `import pgnet` finds it.
"""

from .client import Client
from .examples import ExampleGame
from .server import Server
from .util import DEFAULT_PORT, Game, Packet, Response, Status, enable_logging

__all__ = (
    "DEFAULT_PORT",
    "Client",
    "ExampleGame",
    "Game",
    "Packet",
    "Response",
    "Server",
    "Status",
    "enable_logging",
)
