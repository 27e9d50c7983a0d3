"""Mutants of a client's state: which updates it applies, and what it reports.

What may live here: time orders, on the client's side. What merging an update does is in `merging`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wirebook.reference.mutants.bank import mutant, override
from wirebook.reference.pygase.core.client import ClientCore
from wirebook.reference.pygase.core.happenings import StateUpdated
from wirebook.reference.pygase.core.merging import merged
from wirebook.reference.pygase.core.sequence import difference, successor
from wirebook.reference.pygase.core.window import Arrival
from wirebook.spec.pygase.states import ClientState

_Members = dict[str, Any]
_Apply = Callable[[ClientCore, _Members], None]


def _reporting(client: ClientCore, time_order: int, send: Callable[[], None]) -> None:
    held = client.time_order
    client.time_order = time_order
    send()
    client.time_order = held


@mutant(
    "PGS-M290", "PGS-SYN-020", "A client reports time order 0, whatever it holds.", role="client"
)
def reports_nothing() -> None:
    """Send every package as if there were no state."""

    @override(ClientCore, "_send")
    def _send(original: Callable[..., None], client: ClientCore, now: float) -> None:
        _reporting(client, 0, lambda: original(client, now))


@mutant(
    "PGS-M291",
    "PGS-SYN-020",
    "A client that connects again reports the state of the connection before.",
    role="client",
)
def reports_the_state_before() -> None:
    """Remember the time order beyond the end of the connection."""
    last = [0]

    @override(ClientCore, "_send")
    def _send(original: Callable[..., None], client: ClientCore, now: float) -> None:
        last[0] = client.time_order or last[0]
        connecting = client.status is ClientState.CONNECTING
        time_order = last[0] if connecting else client.time_order
        _reporting(client, time_order, lambda: original(client, now))


@mutant(
    "PGS-M292",
    "PGS-SYN-021",
    "A client applies every update, also one that is older than its state.",
    role="client",
)
def applies_older_ones() -> None:
    """Forget what is held while an update is looked at."""

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        held = client.time_order
        client.time_order = 0
        original(client, update)
        client.time_order = client.time_order or held


@mutant(
    "PGS-M293",
    "PGS-SYN-021",
    "A client applies an update whose time order is that of its state.",
    role="client",
)
def applies_the_same_again() -> None:
    """Forget what is held if it is the same."""

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        if update["time_order"] == client.time_order:
            client.time_order = 0
        original(client, update)


@mutant(
    "PGS-M294",
    "PGS-SYN-021",
    "A client compares time orders as plain numbers, and stands still after 65535.",
    role="client",
)
def compares_plain_numbers() -> None:
    """Look at no update with a smaller number."""

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        if update["time_order"] > client.time_order:
            client.time_order = 0
            original(client, update)


@mutant("PGS-M295", "PGS-SYN-021", "A client applies an update with time order 0.", role="client")
def applies_time_order_0() -> None:
    """Merge it, and keep the time order."""

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        if update["time_order"]:
            original(client, update)
            return
        del update["time_order"]
        client.state = merged(client.state, update)
        client._happenings.append(StateUpdated(update, client.time_order))


@mutant(
    "PGS-M298",
    "PGS-SYN-021",
    "A client does not apply the update of a late package.",
    role="client",
)
def late_updates_do_not_count() -> None:
    """Handle the rest of such a package only."""
    late = [False]

    @override(ClientCore, "_accept")
    def _accept(original: Callable[..., bool], client: ClientCore, fields: Any, now: float) -> bool:
        late[0] = client.window.judge(fields.sequence) is Arrival.LATE
        return original(client, fields, now)

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        if not late[0]:
            original(client, update)


@mutant(
    "PGS-M296",
    "PGS-SYN-022",
    "A client without a state takes time orders above 32767 for older than none.",
    role="client",
)
def none_is_a_number() -> None:
    """Compare with 0 as with any number."""

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        if client.time_order or difference(update["time_order"], 0) > 0:
            original(client, update)


@mutant(
    "PGS-M297",
    "PGS-SYN-023",
    "A client counts the updates that it applies, and takes that for their time order.",
    role="client",
)
def counts_for_itself() -> None:
    """Go on by one with each update."""

    @override(ClientCore, "_update")
    def _update(original: _Apply, client: ClientCore, update: _Members) -> None:
        held = client.time_order
        state = client.state
        original(client, update)
        if client.state is not state:
            client.time_order = successor(held)
