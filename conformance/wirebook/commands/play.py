"""`wirebook serve` and `wirebook connect`: the reference, to try things on.

What may live here: their options. What they do is in the reference of each book, found by name.
"""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from wirebook.commands import console
from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets.address import parse_address
from wirebook.conformance.verdicts import ExitStatus


def serve(
    book: Annotated[str, typer.Argument(metavar="BOOK", show_default=False)],
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 for any free port.")
    ] = 0,
    application: Annotated[
        str,
        typer.Option(
            "--app", metavar="NAME", help="What to run: a name of the book's, or module:name."
        ),
    ] = "conformance",
) -> None:
    """Run the reference server with the book's conformance application, or another one.

    \b
    Examples:
      wirebook serve pygase --port 4711
      wirebook serve pygase --host 0.0.0.0 --port 4711
    """
    serve_forever = console.part_of(book, "app", "serve_forever")
    try:
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
            serve_forever(host, port, application, console.say)
    except LookupError as error:
        raise CommandError(str(error.args[0] if error.args else error)) from error
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            status=ExitStatus.UNREACHABLE,
        ) from error


def connect(
    book: Annotated[str, typer.Argument(metavar="BOOK", show_default=False)],
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", show_default=False)],
) -> None:
    """Connect to a server with the reference client, and talk to it.

    \b
    Example:
      wirebook connect pygase 127.0.0.1:4711
    """
    host, port = parse_address(address)
    interactive = console.part_of(book, "app", "interactive")
    try:
        with contextlib.suppress(KeyboardInterrupt):
            interactive(host, port)
    except (OSError, TimeoutError) as error:
        raise CommandError(
            f"cannot talk to {address}: {error}", status=ExitStatus.UNREACHABLE
        ) from error
