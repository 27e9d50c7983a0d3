"""Messages that the original package built and sealed, as vectors.

    python -m vectors.pgnet.captured FOLDER [TARGET]

reads the capture `pgnet-0.2.1.json` in FOLDER, which is not part of the repository, and writes
`captured-0.2.1.json`. Each message becomes tests of the types `decode` and `encode`; each in a box,
tests of the type `crypto` as well; all of them together are one `transcript`. A capture that
contradicts `cryptobox.py`, or whose JSON is not in the form that its library gives it, is an error.
"""

import json
import sys
from pathlib import Path
from typing import Any

from vectors.files import Group, committed, write_to
from vectors.octets import typed
from vectors.pgnet import cryptobox
from vectors.pgnet.texts import decode, key_text, text_of

VERSION = "0.2.1"
NAMES = {"client": "request", "server": "response"}


def convert(capture: dict[str, Any]) -> list[Group]:
    """Return the groups for a capture."""
    private = {side: bytes.fromhex(capture[f"{side}_private_key"]) for side in NAMES}
    public = {side: cryptobox.public_key(key) for side, key in private.items()}
    for side, key in public.items():
        if key_text(key) != capture[f"{side}_public_key"]:
            raise ValueError(f"the keys of the {side} do not belong together")
    decoded = {name: Group("decode", f"Built by {VERSION}.", name) for name in NAMES.values()}
    encoded = {name: Group("encode", f"Built by {VERSION}.", name) for name in NAMES.values()}
    boxes = Group("decode", f"Sealed by {VERSION}.", "box")
    crypto = Group("crypto", f"Sealed by {VERSION}.")
    session = Group("transcript", "A connection from its first message to its last.")
    messages = []
    for number, message in enumerate(capture["messages"]):
        sender, recipient = message["from"], "server" if message["from"] == "client" else "client"
        clear, text = message["json"].encode(), message["frame"].encode()
        value = json.loads(clear)
        if json.dumps(value).encode() != clear:
            raise ValueError(f"message {number} has another form than the others")
        name = f"captured-{VERSION}-{number:02}"
        shape = NAMES[sender]
        cited = "REQ-005 REQ-006" if sender == "client" else "RSP-007 REQ-006"
        decode(decoded[shape], name, cited, clear, value)
        encoded[shape].encode(f"{name}-encode", "JSN-001", value, clear)
        step = {"from": sender, "text": text, "value": value}
        if "nonce" in message:
            nonce = bytes.fromhex(message["nonce"])
            box = cryptobox.box(clear, nonce, private[sender], public[recipient])
            if text_of(nonce, box) != text:
                raise ValueError(f"message {number} is not what the book says")
            spans = [(0, 32, "nonce"), (32, len(text) - 32, "box")]
            boxes.decode(f"{name}-box", "TUN-003", text, {"nonce": nonce, "box": box}, spans=spans)
            crypto.crypto(
                "open",
                f"{name}-open",
                "TUN-001 TUN-004",
                text=text,
                private_key=private[recipient],
                public_key=public[sender],
                value=clear,
            )
            crypto.crypto(
                "seal",
                f"{name}-seal",
                "TUN-001",
                text=text,
                private_key=private[sender],
                public_key=public[recipient],
                nonce=nonce,
                value=clear,
            )
            step["nonce"] = nonce
        messages.append(step)
    session.transcript(
        "session",
        f"captured-{VERSION}-session",
        "KEY-001 KEY-002 OPN-001 OPN-003 TUN-001 TUN-002 TUN-008",
        client_private_key=typed(private["client"]),
        server_private_key=typed(private["server"]),
        messages=typed(messages),
    )
    return [*decoded.values(), *encoded.values(), boxes, crypto, session]


def main() -> None:
    """Convert the capture."""
    source = Path(sys.argv[1]) / f"pgnet-{VERSION}.json"
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else committed("pgnet")
    capture = json.loads(source.read_text(encoding="utf-8"))
    comment = f"Messages built and sealed by the original package, {capture['source']}."
    write_to(
        target / f"captured-{VERSION}.json", "pgnet", comment, convert(capture), origin="captured"
    )


if __name__ == "__main__":
    main()
