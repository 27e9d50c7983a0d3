"""The client under test as the cases see it: an adapter that speaks the control protocol.

What may live here: starting and ending one adapter, and its handle. Every case has its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from wirebook.conformance.control import ControlChannel, Message
from wirebook.conformance.targets.description import Target
from wirebook.conformance.targets.embedded import EmbeddedClient
from wirebook.conformance.targets.process import OwnedProcess, fill_in
from wirebook.conformance.verdicts import TargetUnreachable

CONTROL_VERSION = 1
_ENDING_SECONDS = 3.0


class ClientHandle:
    """One client adapter, from its start to its end."""

    def __init__(self, target: Target) -> None:
        endpoint = target.client
        if endpoint is None:
            raise TargetUnreachable(f"{target.name} has no client")
        self.target = target
        self.end_expected = False
        self._adapter: OwnedProcess | EmbeddedClient
        if endpoint.embedded:
            self._adapter = EmbeddedClient(endpoint.embedded)
        else:
            command = fill_in(endpoint, python=target.python)
            self._adapter = OwnedProcess(command, cwd=endpoint.cwd, env=endpoint.env, control=True)
        self._channel = ControlChannel(
            self._adapter.stdin, self._adapter.stdout, self._adapter.how_ended
        )
        try:
            self._greet(endpoint.start_seconds)
        except BaseException:
            self.close()
            raise

    @property
    def messages(self) -> tuple[Message, ...]:
        """The notifications so far, oldest first."""
        return self._channel.messages

    @property
    def strays(self) -> tuple[str, ...]:
        """Lines of the adapter that the control protocol has no place for."""
        return self._channel.strays

    def send(self, message: Message) -> int:
        """Send a request without waiting for its reply; return its id."""
        if message.get("do") == "quit":
            self.expect_end()
        return self._channel.send(message)

    def request(self, message: Message, timeout: float = 5.0) -> Message:
        """Send a request and return its reply; an adapter that never replies counts as dead."""
        if message.get("do") == "quit":
            self.expect_end()
        return self._channel.request(message, timeout)

    def wait(
        self, predicate: Callable[[Message], bool], timeout: float, what: str = "notification"
    ) -> Message:
        """Return the first notification, past or to come, that the predicate holds for.

        One that does not come in time is a Violation; an adapter that ends before is TargetDied.
        """
        return self._channel.wait(predicate, timeout, what)

    def alive(self) -> bool:
        """Tell whether the adapter still runs."""
        return self._adapter.alive()

    def output(self) -> str:
        """Return what the adapter wrote besides the control protocol."""
        return self._adapter.tail.text() + "".join(f"{line}\n" for line in self.strays)

    def how_ended(self) -> str:
        """Say how the adapter ended."""
        return self._adapter.how_ended()

    def expect_end(self) -> None:
        """Say that the case makes the adapter end, so that its end is not a crash."""
        self.end_expected = True

    def wait_ended(self, timeout: float) -> bool:
        """Wait until the adapter has ended; tell whether it has."""
        return self._adapter.wait_ended(timeout)

    def close(self) -> None:
        """End the adapter: first by ending its input, as the protocol has it."""
        self.expect_end()
        with contextlib.suppress(OSError, ValueError):
            self._adapter.stdin.close()
        self._adapter.wait_ended(_ENDING_SECONDS)
        self._adapter.stop()
        if self._channel.join(1.0):
            self._adapter.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _greet(self, timeout: float) -> None:
        hello = self._channel.greeting(timeout)
        if hello is None:
            if self._channel.over:
                raise TargetUnreachable(f"the client's command {self.how_ended()}")
            stray = f'; it wrote "{self.strays[-1]}"' if self.strays else ""
            raise TargetUnreachable(
                f"the client's command did not say that it is ready in {timeout:g} s{stray}"
            )
        spoken = hello.get("protocol"), hello.get("version")
        if spoken != (self.target.protocol, CONTROL_VERSION):
            raise TargetUnreachable(
                f"the client's command speaks {spoken[0]} {spoken[1]}, "
                f"not {self.target.protocol} {CONTROL_VERSION}"
            )
