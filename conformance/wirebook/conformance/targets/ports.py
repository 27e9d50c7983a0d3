"""Free ports for servers under test, and whether a server listens on one.

What may live here: questions about ports that send nothing. A probe is the drivers' business.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import sys
from pathlib import Path

from wirebook.conformance.verdicts import TargetUnreachable

# Below the range that systems hand out on their own, so that no socket of a case takes the port
# between our finding it free and the server's binding it.
_FIRST, _COUNT = 20_000, 12_000
_TRIES = 200


def free_port(host: str) -> int:
    """Return a port that nobody uses, neither for UDP nor for TCP."""
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_COUNT)
        if all(_free(host, port, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)):
            return port
    raise TargetUnreachable(f"no free port on {host}")


def can_tell_bound() -> bool:
    """Tell whether this machine shows who listens without our sending anything."""
    return sys.platform == "linux" and Path("/proc/net/udp").exists()


def is_bound(port: int) -> bool:
    """Tell whether some socket of this machine receives datagrams or connections on the port."""
    for name in ("udp", "udp6", "tcp", "tcp6"):
        with contextlib.suppress(OSError):
            table = Path("/proc/net", name).read_text(encoding="ascii")
            if any(_listens(line, port, name) for line in table.splitlines()[1:]):
                return True
    return False


def _listens(line: str, port: int, table: str) -> bool:
    _, local, _, state, *_ = line.split()
    listening = not table.startswith("tcp") or state == "0A"
    return listening and int(local.rpartition(":")[2], 16) == port


def _free(host: str, port: int, kind: socket.SocketKind) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as trial:
        try:
            trial.bind((host, port))
        except OSError:
            return False
    return True
