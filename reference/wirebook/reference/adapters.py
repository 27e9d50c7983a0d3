"""A book's adapters as programs of their own: `python -m wirebook.reference.BOOK server|client`.

What may live here: their command line.
"""

from __future__ import annotations

import argparse
import logging
import sys
from importlib import import_module

from wirebook.reference import mutants


def main(book: str, arguments: list[str] | None = None) -> int:
    """Run the program of the book that the arguments name; return its exit status."""
    app = import_module(f"wirebook.reference.{book}.app")
    parser = argparse.ArgumentParser(prog=f"python -m wirebook.reference.{book}")
    parser.add_argument("-v", "--verbose", action="store_true", help="say more, on stderr")
    parser.add_argument("--mutant", metavar="ID", help="break the one rule that this one breaks")
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("server", help="run an application")
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=0)
    server.add_argument("--app", default="conformance", help="a name, or package.module:name")
    commands.add_parser("client", help="speak the control protocol on stdin and stdout")
    options = parser.parse_args(arguments)
    if options.mutant:
        try:
            mutants.apply(book, options.mutant)
        except LookupError as error:
            parser.exit(2, f"{parser.prog}: {error}\n")
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
