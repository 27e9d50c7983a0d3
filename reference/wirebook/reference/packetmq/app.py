"""What the commands and the suite start: the servers that come with the book, and its client.

`serve` and `client` are what the suite embeds; `serve_forever` and `interactive` are behind
`wirebook serve` and `wirebook connect`. What may live here: starting and ending programs. What
they do is in `conformance_app`, `control` and `interactive_client`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from threading import Event as Flag
from typing import Final, TextIO

from wirebook.reference.packetmq.reactor import Reactor
from wirebook.reference.packetmq.server import Server

APPLICATIONS: Final = {
    "conformance": "wirebook.reference.packetmq.conformance_app:server",
    "chat": "wirebook.reference.packetmq.examples.chat_server:server",
}
"""The applications that have a name of their own."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A server that runs in a thread."""

    port: int
    server: Server

    def stop(self) -> None:
        """End the server and free its port."""
        self.server.reactor.close()

    def alive(self) -> bool:
        """Tell whether the server still serves."""
        return self.server.reactor.running


def serve(host: str, port: int) -> Handle:
    """Run the conformance application in a thread; return once it listens."""
    return start(find("conformance"), host, port)


def start(application: Callable[[Reactor], Server], host: str, port: int) -> Handle:
    """Run a server in a thread; return once it listens, or raise OSError if it cannot."""
    reactor = Reactor()
    try:
        server = application(reactor)
        bound = server.listen(port, host=host)
    except BaseException:
        reactor.close()
        raise
    server.runAsync()
    return Handle(bound, server)


def client(stdin: TextIO, stdout: TextIO) -> None:
    """Speak the control protocol of clients until the input ends."""
    from wirebook.reference.packetmq.control import Adapter

    Adapter(stdout).run(stdin)


def serve_forever(host: str, port: int, app: str, log: Callable[[str], None]) -> None:
    """Run an application until Ctrl-C ends it.

    `app` is one of `APPLICATIONS` or `package.module:name`, the name of a function that takes a
    Reactor and returns a Server that has it. Raises LookupError for one that is not there, and
    OSError if it cannot listen.
    """
    handle = start(find(app), host, port)
    log(f"{app} on {host}, port {handle.port}; Ctrl-C ends it")
    nobody = Flag()
    try:
        while handle.alive():
            nobody.wait(1.0)
    finally:
        handle.stop()
    log("the server has stopped")


def interactive(host: str, port: int) -> None:
    """Talk to a server, line by line."""
    from wirebook.reference.packetmq.interactive_client import talk

    talk(host, port)


def find(app: str) -> Callable[[Reactor], Server]:
    """Return the function that makes an application's server, or raise LookupError."""
    module_name, colon, name = APPLICATIONS.get(app, app).partition(":")
    if not colon:
        known = ", ".join(APPLICATIONS)
        raise LookupError(f"no application {app!r}; there are {known}, and package.module:name")
    try:
        found: Callable[[Reactor], Server] = getattr(import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"no application {app!r}: {error}") from error
    if not callable(found):
        raise LookupError(f"{app!r} is no function that takes a reactor and returns a server")
    return found
