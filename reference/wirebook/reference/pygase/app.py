"""What the commands and the suite start: the servers that come with the book, and its client.

`serve` and `client` are what the suite embeds; `serve_forever` and `interactive` are behind
`wirebook serve` and `wirebook connect`. What may live here: starting and ending programs. What
they do is in `conformance_app`, `control` and `interactive_client`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from typing import Final, TextIO

from wirebook.reference.pygase.backend import Backend

_PATIENCE = 5.0

APPLICATIONS: Final = {
    "conformance": "wirebook.reference.pygase.conformance_app:backend",
    "tag": "wirebook.reference.pygase.examples.tag_game:backend",
}
"""The applications that have a name of their own."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A server that runs in a thread."""

    port: int
    backend: Backend
    thread: Thread

    def stop(self) -> None:
        """End the server and free its port."""
        self.backend.shutdown()
        self.thread.join(_PATIENCE)

    def alive(self) -> bool:
        """Tell whether the server still serves."""
        return self.thread.is_alive()


def serve(host: str, port: int) -> Handle:
    """Run the conformance application in a thread; return once it listens."""
    return start(find("conformance"), host, port)


def start(backend: Backend, host: str, port: int) -> Handle:
    """Run a backend in a thread; return once it listens, or raise OSError if it cannot."""
    thread = backend.run_in_thread(host, port)
    bound = backend.server.port
    return Handle(bound if bound is not None else port, backend, thread)


def client(stdin: TextIO, stdout: TextIO) -> None:
    """Speak the control protocol of clients until the input ends."""
    from wirebook.reference.pygase.control import Adapter

    Adapter(stdout).run(stdin)


def serve_forever(host: str, port: int, app: str, log: Callable[[str], None]) -> None:
    """Run an application until it is shut down; Ctrl-C ends it too.

    `app` is one of `APPLICATIONS` or `package.module:name`, the name of a Backend or of a function
    that returns one. Raises LookupError for one that is not there, and OSError if it cannot
    listen.
    """
    handle = start(find(app), host, port)
    log(f"{app} on {host}, port {handle.port}; Ctrl-C ends it")
    try:
        while handle.alive():
            handle.thread.join(1.0)
    finally:
        handle.stop()
    log("the server has stopped")


def interactive(host: str, port: int) -> None:
    """Talk to a server, line by line."""
    from wirebook.reference.pygase.interactive_client import talk

    talk(host, port)


def find(app: str) -> Backend:
    """Return the backend of an application, or raise LookupError."""
    module_name, colon, name = APPLICATIONS.get(app, app).partition(":")
    if not colon:
        known = ", ".join(APPLICATIONS)
        raise LookupError(f"no application {app!r}; there are {known}, and package.module:name")
    try:
        found = getattr(import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"no application {app!r}: {error}") from error
    backend = found if isinstance(found, Backend) else found()
    if not isinstance(backend, Backend):
        raise LookupError(f"{app!r} is a {type(backend).__name__}, not a Backend")
    return backend
