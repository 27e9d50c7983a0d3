"""Toy servers that speak as much PyGaSe as it takes to be found alive, each with one thing wrong.

The program imports nothing of the project and is started like any target.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from wirebook.conformance.targets.description import Endpoint, Target

_PROGRAM = """
import socket, sys, threading, time

port, fault = int(sys.argv[1]), sys.argv[2]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
server.bind(("127.0.0.1", port))
kept = []
last = {}


def decoded(data):
    if b"\\xc1" in data:
        raise ValueError(f"{len(data)} octets cannot be decoded")


def spin():
    while True:
        pass


def hold():
    time.sleep(3600)


def take(data, source):
    rare = b"\\xc1" in data
    if fault == "octet":
        decoded(data)
    if fault == "pair" and last.get(source) == data:
        raise KeyError(data[4:6])
    last[source] = data
    if fault == "hang" and rare:
        hold()
    if fault == "memory" and rare:
        kept.append(b"x" * (8 << 20))
    if fault == "descriptors" and len(data) % 3 == 0:
        kept.append(socket.socket())
    if fault == "spin" and rare and not kept:
        kept.append(threading.Thread(target=spin, daemon=True))
        kept[0].start()


while True:
    data, source = server.recvfrom(65536)
    if data[:4] == b"\\xff\\xd0\\xfa\\xb9" and len(data) >= 14:
        take(data, source)
        update = b"\\x81\\xaatime_order\\x00"
        answer = data[:4] + b"\\0\\1" + data[4:6] + bytes(4) + len(update).to_bytes(2, "big")
        server.sendto(answer + update, source)
"""


def toy(folder: Path, fault: str) -> Target:
    """Return a server that has one thing wrong: "octet", "pair", "hang", … or "" for nothing."""
    program = folder / "toy.py"
    program.write_text(_PROGRAM, encoding="utf-8")
    command = (sys.executable, "-S", str(program), "{port}", fault)
    return Target(f"toy {fault}", "pygase", (), server=Endpoint(command=command))


def toy_json(folder: Path, fault: str) -> dict[str, Any]:
    """Return the same as a lot has it."""
    return toy(folder, fault).to_json()
