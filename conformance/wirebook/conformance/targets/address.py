"""Addresses as people write them, and whether the suite may speak to them.

What may live here: pure functions on host and port.
"""

from __future__ import annotations

import ipaddress
import os
import re

from wirebook.conformance.errors import CommandError

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:\[\]\s]+)):(?P<port>\d{1,5})")


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port`, or of `[host]:port` for IPv6."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise CommandError(f'"{text}" is not HOST:PORT', hint="e.g. 127.0.0.1:4711 or [::1]:4711")
    return match["six"] or match["host"], int(match["port"])


def local_address(text: str) -> tuple[str, int]:
    """Return host and port of a server that the suite may do its worst to."""
    host, port = parse_address(text)
    if not _is_loopback(host) and not os.environ.get("WIREBOOK_ALLOW_REMOTE"):
        raise CommandError(
            f"{host} is not this machine, and the suite sends what may end a server",
            hint="set WIREBOOK_ALLOW_REMOTE=1 if the server is yours",
        )
    return host, port


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
