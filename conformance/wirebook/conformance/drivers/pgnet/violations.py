"""Violations as the server's cases bring them about, with what has to work before and after.

What may live here: the stages that a connection goes through, and the proof that a violation ends
its own connection with the right code and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from wirebook.conformance.drivers.link import Link
from wirebook.conformance.drivers.pgnet.raw_client import (
    RawClient,
    control,
    entered,
    opened,
    traded,
)
from wirebook.conformance.drivers.pgnet.websocket import Closed


class Stage(StrEnum):
    """How far a connection has come."""

    OPENED = "before the key trade"
    TRADED = "before the login"
    LOGGED_IN = "as a user"


def at_stage(link: Link, stage: Stage, name: str) -> RawClient:
    """Return a client that has come so far."""
    if stage is Stage.OPENED:
        return opened(link)
    if stage is Stage.TRADED:
        return traded(link)
    client = entered(link, name)
    control(client)
    return client


def expect_violation(
    link: Link,
    stage: Stage,
    name: str,
    act: Callable[[RawClient], object],
    what: str,
    *codes: int,
) -> Closed:
    """Check that an act in a stage is answered with a close code, and harms nobody else.

    `name` is of a user whom the server may register. A witness who is logged in all the time is
    served before and after; a user whose connection it was can log in again.
    """
    quiet = link.unrecorded()
    with entered(quiet, f"{name}w") as witness, at_stage(link, stage, name) as client:
        control(witness)
        act(client)
        closed = client.expect_closed(f"after {what} {stage}", *codes)
        control(witness)
    if stage is Stage.LOGGED_IN:
        with entered(quiet, name) as again:
            control(again)
    link.exchange.note("Another user was served before and after, which is not recorded")
    return closed
