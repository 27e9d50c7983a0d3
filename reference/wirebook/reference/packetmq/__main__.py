"""`python -m wirebook.reference.packetmq server|client`: the adapters as programs of their own.

What may live here: their command lines.
"""

from __future__ import annotations

import argparse
import logging
import sys

from wirebook.reference.packetmq import app


def main(arguments: list[str] | None = None) -> int:
    """Run the program that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m wirebook.reference.packetmq")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more, on stderr")
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("server", help="run an application")
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=0)
    server.add_argument("--app", default="conformance", help="a name, or package.module:name")
    commands.add_parser("client", help="speak the control protocol on stdin and stdout")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    if options.command == "client":
        app.client(sys.stdin, sys.stdout)
        return 0
    try:
        app.serve_forever(options.host, options.port, options.app, print)
    except KeyboardInterrupt:
        return 0
    except (LookupError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
