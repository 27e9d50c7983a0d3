"""What the commands and the suite start: the servers that come with the book, and its client.

`serve` and `client` are what the suite embeds; `serve_forever` and `interactive` are behind
`wirebook serve` and `wirebook connect`. What may live here: starting and ending programs. What
they do is in `conformance_app`, `control` and `interactive_client`.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TextIO

from wirebook.reference.pgnet.game import Game
from wirebook.reference.pgnet.running import Handle
from wirebook.reference.pgnet.secrecy import ADMIN_PASSWORD_VARIABLE, asked_for
from wirebook.reference.pgnet.server import Server

APPLICATIONS: Final = {
    "conformance": "wirebook.reference.pgnet.conformance_app:server",
    "example": "wirebook.reference.pgnet.conformance_app:example",
}
"""The applications that have a name of their own."""


def serve(host: str, port: int, *, save_file: str | None = None) -> Handle:
    """Run the conformance application in a thread; return once it listens."""
    handle = Handle(find("conformance", host=host, port=port, save_file=save_file))
    handle.start()
    return handle


def client(stdin: TextIO, stdout: TextIO) -> None:
    """Speak the control protocol of clients until the input ends."""
    from wirebook.reference.pgnet.control import Adapter

    Adapter(stdout).run(stdin)


def serve_forever(
    host: str,
    port: int,
    app: str,
    log: Callable[[str], None],
    *,
    save_file: Path | None = None,
    admin_password_file: Path | None = None,
    registration: bool = True,
    require_password: bool = False,
    verbose: bool = False,
) -> None:
    """Run an application until it is shut down; Ctrl-C and SIGTERM end it too.

    `app` is one of `APPLICATIONS` or `package.module:name`, the name of a Game or of a function
    that takes the arguments of Server and returns one. Raises LookupError for one that is not
    there, ValueError for options that make no sense, and OSError if it cannot listen.
    """
    logging.basicConfig(format="%(message)s")  # so that a verbose server is heard
    options: dict[str, Any] = {}
    secrets = asked_for(admin_password_file, variable=ADMIN_PASSWORD_VARIABLE)
    if secrets.password:
        options["admin_password"] = secrets.password
    server = find(
        app,
        host=host,
        port=port,
        save_file=save_file,
        registration_enabled=registration,
        require_user_password=require_password,
        verbose_logging=verbose,
        **options,
    )

    async def run() -> None:
        with suppress(NotImplementedError, ValueError):  # not everywhere, not in every thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.shutdown)
        await server.async_run(on_start=started)

    def started() -> None:
        log(f"{app} on {host}, port {server.port}; Ctrl-C ends it")
        log(f"public key: {server.pubkey}")

    try:
        asyncio.run(run())
    finally:
        log("the server has stopped")


def interactive(
    host: str,
    port: int,
    *,
    username: str = "player",
    password_file: Path | None = None,
    ask_password: bool = False,
    pubkey: str = "",
) -> None:
    """Talk to a server, line by line."""
    from wirebook.reference.pgnet.interactive_client import talk

    secrets = asked_for(password_file, ask=ask_password)
    talk(host, port, username, secrets, pubkey)


def find(app: str, **options: Any) -> Server:
    """Return the server of an application, or raise LookupError."""
    module_name, colon, name = APPLICATIONS.get(app, app).partition(":")
    if not colon:
        known = ", ".join(APPLICATIONS)
        raise LookupError(f"no application {app!r}; there are {known}, and package.module:name")
    try:
        found: Any = getattr(import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"no application {app!r}: {error}") from error
    if isinstance(found, type) and issubclass(found, Game):
        return Server(found, **options)
    made = found(**options) if callable(found) and not isinstance(found, type) else found
    if not isinstance(made, Server):
        raise LookupError(f"{app!r} is a {type(made).__name__}, not a Game or what makes a Server")
    return made
