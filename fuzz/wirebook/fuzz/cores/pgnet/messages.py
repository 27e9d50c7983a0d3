"""Messages of PGNet that its server and its clients know what to do with.

What may live here: these messages.
"""

from __future__ import annotations

import json
from typing import Final

from wirebook.spec.pgnet.states import DEFAULTS, HEARTBEAT, REQUESTS

_NAMES: Final = ("Chess", "Go 1", "Go 2", "Go 3", "Go 4", "User1", "User2", "admin", "")
_SPOKEN: Final = ("hello", "script.fail", "script.leave", "script.rubbish", "")


def _requests() -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = [(message, {}) for message in _SPOKEN]
    for request in REQUESTS.values():
        found.append((request.name, {}))
        usual: dict[str, object] = {
            name: DEFAULTS[kind] for name, kind in request.arguments.items()
        }
        for name in _NAMES:
            named = {key: name if kind == "" else kind for key, kind in usual.items()}
            if named != usual:
                found.append((request.name, named))
                found.append((request.name, named | {"password": "secret"}))
    return [*found, (HEARTBEAT, {"fail": True})]


def _responses() -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {"message": "Yes.", "payload": {"heartbeat_rate": rate}, "status": status, "game": game}
        for rate in (0, 0.001, 100, 1e300, -1, "10")
        for status in (0, 1, 2)
        for game in ("Chess", "User1", None)
    ]
    return [*found, {"message": "Bye.", "disconnecting": True}]


EXTRA: Final = {
    "server": tuple(
        ("request", json.dumps({"message": message, "payload": payload}).encode())
        for message, payload in _requests()
    ),
    "client": tuple(("response", json.dumps(response).encode()) for response in _responses()),
}
