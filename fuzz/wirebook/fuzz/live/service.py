"""Whether a target still serves: a client of its own that does nothing wrong asks for an echo.

A target may answer and yet be of no use to anybody. What may live here: for each book, the shortest
way to something that only the conformance application does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.packetmq import stages
from wirebook.conformance.drivers.pgnet.raw_client import control, entered
from wirebook.conformance.drivers.pygase import player
from wirebook.conformance.verdicts import Inconclusive, TargetDied, Violation

_USER = "watcher"


def is_served(book: str, link: Link) -> bool:
    """Tell whether a client that does nothing wrong gets what it asks for."""
    try:
        _SERVICES[book](link)
    except (Violation, TargetDied, Inconclusive):
        return False
    return True


def _pygase(link: Link) -> None:
    with player.Player(link) as client:
        client.join()
        client.dispatch("ECHO", client.token())
        client.expect_event("ECHO")


def _packetmq(link: Link) -> None:
    with stages.Player(link) as client:
        client.join()


def _pgnet(link: Link) -> None:
    with entered(link, _USER) as client:
        control(client)


_SERVICES: Mapping[str, Callable[[Link], None]] = {
    "pygase": _pygase,
    "packetmq": _packetmq,
    "pgnet": _pgnet,
}
