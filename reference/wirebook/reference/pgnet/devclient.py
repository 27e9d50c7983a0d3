"""The command line of PGNet: a client for developers and admins, and servers to try it on.

`main` is behind `python -m wirebook.reference.pgnet`. Passwords and invite codes come from files,
the environment or a prompt, never from the command line. What may live here: that command line.
"""

from __future__ import annotations

import argparse
import logging
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from wirebook.reference.pgnet import app
from wirebook.reference.pgnet.client import Client
from wirebook.reference.pgnet.examples import ExampleGame
from wirebook.reference.pgnet.interactive_client import converse
from wirebook.reference.pgnet.secrecy import (
    ADMIN_PASSWORD_VARIABLE,
    INVITE_CODE_VARIABLE,
    PASSWORD_VARIABLE,
)
from wirebook.reference.pgnet.server import Server
from wirebook.spec.pgnet.states import PORT


def main(arguments: list[str] | None = None) -> int:
    """Run the program that the arguments name; return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    try:
        return int(options.run(options) or 0)
    except KeyboardInterrupt:
        return 0
    except (LookupError, OSError, ValueError) as error:
        reason = error.args[0] if isinstance(error, LookupError) and error.args else error
        parser.exit(2, f"{parser.prog}: {reason}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wirebook.reference.pgnet",
        epilog=f"Without a file or a prompt, passwords and invite codes are taken from the "
        f"environment: {PASSWORD_VARIABLE}, {INVITE_CODE_VARIABLE}, {ADMIN_PASSWORD_VARIABLE}.",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say more, on stderr")
    modes = parser.add_subparsers(dest="mode", required=True)

    local = modes.add_parser("local", help="talk to a game on a server of one's own")
    local.set_defaults(run=_run_local)
    local.add_argument("--port", type=int, default=0, help="where the server listens")
    local.add_argument("--game", default="", metavar="MODULE:NAME", help="a Game of your own")
    local.add_argument("--username", default="player")

    server = modes.add_parser("server", help="run a server")
    server.set_defaults(run=_run_server)
    server.add_argument("--host", default="127.0.0.1")
    server.add_argument("--port", type=int, default=PORT)
    server.add_argument("--app", default="conformance", help="a name, or package.module:name")
    server.add_argument("--save-file", type=Path, help="where users and games are kept")
    server.add_argument(
        "--admin-password-file", type=Path, help="a file with the admin's password in it"
    )
    server.add_argument("--no-registration", action="store_true", help="take in nobody new")
    server.add_argument("--require-password", action="store_true", help="from every user")

    remote = modes.add_parser("remote", help="talk to a game, or administer a server")
    remote.set_defaults(run=_run_remote)
    remote.add_argument("--address", default="127.0.0.1")
    remote.add_argument("--port", type=int, default=PORT)
    remote.add_argument("--username", default="player", help="admin, to administer")
    remote.add_argument("--password-file", type=Path, help="a file with the password in it")
    remote.add_argument("--ask-password", action="store_true", help="prompt for the password")
    remote.add_argument("--pubkey", default="", help="the public key that the server has to have")

    client = modes.add_parser("client", help="speak the control protocol on stdin and stdout")
    client.set_defaults(run=_run_client)
    return parser


def _run_local(options: argparse.Namespace) -> None:
    game: Any = ExampleGame
    if options.game:
        module, _, name = options.game.partition(":")
        try:
            game = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise LookupError(f"no game {options.game!r}: {error}") from error
    factory = partial(Server, port=options.port)
    converse(Client.local(game=game, username=options.username, server_factory=factory))


def _run_server(options: argparse.Namespace) -> None:
    app.serve_forever(
        options.host,
        options.port,
        options.app,
        _say,
        save_file=options.save_file,
        admin_password_file=options.admin_password_file,
        registration=not options.no_registration,
        require_password=options.require_password,
        verbose=options.verbose,
    )


def _run_remote(options: argparse.Namespace) -> None:
    app.interactive(
        options.address,
        options.port,
        username=options.username,
        password_file=options.password_file,
        ask_password=options.ask_password,
        pubkey=options.pubkey,
    )


def _run_client(_: argparse.Namespace) -> None:
    app.client(sys.stdin, sys.stdout)


def _say(text: str) -> None:
    print(text, flush=True)  # somebody may wait for it at the other end of a pipe
