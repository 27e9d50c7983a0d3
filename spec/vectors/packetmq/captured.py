"""Frames that the original package sent, as vectors.

    python -m vectors.packetmq.captured FOLDER [TARGET]

reads the capture `packetmq-0.1.5.json` in FOLDER, which is not part of the repository, and writes
`captured-0.1.5.json`: each frame as a test of type `decode` and as one of type `encode`, what each
side received as a `stream` and as a `handshake`; and, decoded only, the frames of a peer for
Python 2. A frame that contradicts the encoder of `octets.py` is an error: every octet of it has to
be explained.
"""

import json
import sys
from pathlib import Path
from typing import Any

from vectors.files import Group, committed, write_to
from vectors.packetmq import octets as o

# In the order in which the capture has them: the policy and the registry of each side.
SIDES: dict[str, tuple[bool, list[tuple[str, int]]]] = {
    "client": (True, [("app:echo", 40), ("app:note", 41)]),
    "server": (False, [("app:echo", 17), ("app:note", 18)]),
}

CITES = {
    o.INIT: ("INT-001 INT-003", "PID-002 MSG-011"),
    o.SOFTQUIT: ("MSG-012", "PID-002 MSG-011 INT-004"),
    o.PUBIDS: ("INT-001 INT-008", "PID-002 MSG-011 INT-006"),
    o.FINISH: ("INT-010", "PID-002 INT-009"),
}
"""What an internal packet gives an example of: when it is decoded, and when it is encoded."""


def frames(transcript: list[dict[str, Any]]) -> list[Group]:
    """Return the frames of both sides."""
    decode: dict[str, Group] = {}
    encode: dict[str, Group] = {}
    for number, entry in enumerate(transcript):
        if "frame" not in entry:
            continue
        kind, payload = entry["id"], o.untyped(entry["payload"])
        octets = bytes.fromhex(entry["frame"])
        if o.packet(kind, payload) != octets:
            raise ValueError(f"frame {number} is not what the book says")
        message = o.MESSAGES.get(kind, "application-packet")
        read, written = CITES.get(kind, ("MSG-013", ""))
        name, value = f"captured-{number:02}-{entry['from']}", o.value(kind, payload)
        decode.setdefault(message, Group("decode", "Sent by 0.1.5.", message)).decode(
            name, f"FRM-004 MSG-003 {read}", octets, value
        )
        encode.setdefault(message, Group("encode", "Sent by 0.1.5.", message)).encode(
            f"{name}-encode", f"FRM-001 PID-001 MSG-001 {written}", value, octets
        )
    return [*decode.values(), *encode.values()]


def sides(transcript: list[dict[str, Any]]) -> Group:
    """Return what each side received from the other, and made of it without an application."""
    group = Group("transcript", "One connection of 0.1.5 with itself, from both sides.")
    entries = [entry for entry in transcript if "frame" in entry]
    for side, (adapt, packets) in SIDES.items():
        received = [entry for entry in entries if entry["from"] != side]
        octets = [bytes.fromhex(entry["frame"]) for entry in received]
        read = o.sent(*((entry["id"], o.untyped(entry["payload"])) for entry in received))
        group.transcript(
            "stream",
            f"captured-stream-to-{side}",
            "FRM-001 FRM-002",
            chunks=o.stream(octets),
            packets=read,
        )
        own = [entry for entry in entries if entry["from"] == side and entry["id"] <= o.FINISH]
        handshake = [entry for entry in own if entry["id"] != o.SOFTQUIT]
        group.transcript(
            "handshake",
            f"captured-handshake-{side}",
            "HSK-001 HSK-002 HSK-008 HSK-011" if adapt else "HSK-001 HSK-002 HSK-005 HSK-011",
            side={"adapt": adapt, "packets": [list(packet) for packet in packets]},
            received=o.stream(octets),
            sent=o.sent(*((entry["id"], o.untyped(entry["payload"])) for entry in handshake)),
            state="active, confirmed" if adapt else "closed",
        )
    return group


def of_python_2(entries: list[dict[str, Any]]) -> list[Group]:
    """Return the frames of a peer that sends texts as bin."""
    groups = []
    for entry in entries:
        kind, payload = entry["id"], o.untyped(entry["payload"])
        octets = bytes.fromhex(entry["frame"])
        if o.packet(kind, o.as_bin(payload)) != octets:
            raise ValueError(f"the frame of id {kind} is not what the book says")
        message = o.MESSAGES[kind]
        group = Group("decode", "As a peer for Python 2 packs it.", message)
        group.decode(f"captured-python-2-{message}", "MSG-012", octets, o.value(kind, payload))
        groups.append(group)
    return groups


def main() -> None:
    """Convert the capture."""
    source = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else committed("packetmq")
    capture = json.loads((source / "packetmq-0.1.5.json").read_text(encoding="utf-8"))
    groups = [
        *frames(capture["transcript"]),
        sides(capture["transcript"]),
        *of_python_2(capture["python2_style"]["frames"]),
    ]
    comment = (
        "Frames that the original package, packetmq 0.1.5, sent to itself on Python 3, "
        "and its internal packets as a peer for Python 2 packs them."
    )
    write_to(target / "captured-0.1.5.json", "packetmq", comment, groups, origin="captured")


if __name__ == "__main__":
    main()
