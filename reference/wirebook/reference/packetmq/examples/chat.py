"""A chat in the terminal: `python -m wirebook.reference.packetmq.examples.chat ann HOST:PORT`.

`wirebook serve packetmq --app chat` runs the server. What may live here: reading and showing lines.
"""

from __future__ import annotations

import argparse
import sys

from wirebook.reference.packetmq import PacketMQError
from wirebook.reference.packetmq.examples.chat_client import ChatClient
from wirebook.reference.packetmq.examples.chat_server import LONGEST_NAME

_PATIENCE = 10.0
"""Seconds that it may take to get in, or out."""


def main(arguments: list[str] | None = None) -> int:
    """Chat until the input ends."""
    options = _parsed(arguments)
    host, _, port = options.address.rpartition(":")
    client = ChatClient(options.name, print)
    client.connect((host, int(port)))
    client.runAsync()
    try:
        client.settled.wait(_PATIENCE)
        if not client.inside:
            return 1
        for line in sys.stdin:
            if client.gone.is_set():
                return 1
            if line.strip():
                client.say(line.strip())
        client.leave()
        client.gone.wait(_PATIENCE)
    except PacketMQError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        client.stop()
    return 0


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Chat with everybody on a server.")
    parser.add_argument("name", help=f"yours, up to {LONGEST_NAME} characters")
    parser.add_argument("address", metavar="HOST:PORT")
    options = parser.parse_args(arguments)
    if not options.address.rpartition(":")[2].isdecimal():
        parser.error("an address is HOST:PORT")
    return options


if __name__ == "__main__":
    sys.exit(main())
