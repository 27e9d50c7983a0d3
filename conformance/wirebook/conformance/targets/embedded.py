"""Targets that run in threads of the suite's own process, found by a name given as text.

What may live here: importing the named function and giving it what it wants. The import happens at
run time, so the suite shares no code with what it tests; it reaches it through a socket or a pipe.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import logging
import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from wirebook.conformance.targets.tail import Tail, TailHandler
from wirebook.conformance.verdicts import TargetUnreachable

_SAVE_ARGUMENT = "save_file"
"""The keyword argument of an embedded server's function that is the path of a file to save to."""


class ServerThread(Protocol):
    """What an embedded server's function returns."""

    port: int

    def stop(self) -> None:
        """End the server and free its port."""

    def alive(self) -> bool:
        """Tell whether the server still serves."""


def find(name: str) -> Callable[..., Any]:
    """Return the function that `package.module:function` names."""
    module_name, _, function_name = name.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), function_name)
    except ImportError as error:
        raise TargetUnreachable(f"cannot import {module_name}: {error}") from error
    except AttributeError as error:
        raise TargetUnreachable(f"{module_name} has no {function_name}") from error
    if not callable(found):
        raise TargetUnreachable(f"{name} is not a function")
    function: Callable[..., Any] = found
    return function


def saves(name: str) -> bool:
    """Tell whether the function of an embedded server takes a file to save to."""
    return _SAVE_ARGUMENT in inspect.signature(find(name)).parameters


class EmbeddedServer:
    """An embedded server from its start to its end, with what it logs."""

    def __init__(
        self, name: str, host: str, *, save_file: Path | None = None, tail: Tail | None = None
    ) -> None:
        self.tail = tail or Tail()
        self._output = _Output(self.tail)
        saving = {} if save_file is None else {_SAVE_ARGUMENT: str(save_file)}
        try:
            self._thread: ServerThread = find(name)(host, 0, **saving)
        except TargetUnreachable:
            self._output.release()
            raise
        except Exception as error:
            self._output.release()
            raise TargetUnreachable(f"{name} failed: {type(error).__name__}: {error}") from error
        self.port = self._thread.port

    def alive(self) -> bool:
        """Tell whether the server still serves."""
        return self._thread.alive()

    def stop(self) -> None:
        """End the server."""
        try:
            self._thread.stop()
        finally:
            self._output.release()


class EmbeddedClient:
    """An embedded client adapter: a thread between a pipe of requests and one of answers."""

    def __init__(self, name: str) -> None:
        self.tail = Tail()
        function = find(name)
        requests_out, requests_in = os.pipe()
        answers_out, answers_in = os.pipe()
        self.stdin = os.fdopen(requests_in, "wb")
        self.stdout = os.fdopen(answers_out, "rb")
        self._theirs = (
            io.TextIOWrapper(os.fdopen(requests_out, "rb"), encoding="utf-8"),
            io.TextIOWrapper(os.fdopen(answers_in, "wb"), encoding="utf-8", line_buffering=True),
        )
        self._output = _Output(self.tail)
        self._thread = threading.Thread(
            target=self._run, args=(function,), name="embedded client", daemon=True
        )
        self._thread.start()

    def alive(self) -> bool:
        """Tell whether the adapter still runs."""
        return self._thread.is_alive()

    def wait_ended(self, timeout: float) -> bool:
        """Wait until the adapter has ended; tell whether it has."""
        self._thread.join(timeout)
        return not self.alive()

    def how_ended(self) -> str:
        """Say how the adapter ended."""
        last = self.tail.last_line()
        return f"ended: {last}" if last else "ended"

    def stop(self) -> None:
        """End the adapter by ending its input."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.stdin.close()
        self._thread.join(5.0)
        self._output.release()

    def _run(self, function: Callable[..., Any]) -> None:
        try:
            function(*self._theirs)
        except Exception as error:
            self.tail.append(f"{type(error).__name__}: {error}\n")
        finally:
            for stream in self._theirs:
                with contextlib.suppress(OSError, ValueError):
                    stream.close()


class _Output:
    """Takes what a process would have written: log records, and what ends its threads."""

    def __init__(self, tail: Tail) -> None:
        self._handler = TailHandler(tail)
        self._excepthook = threading.excepthook

        def keep(arguments: threading.ExceptHookArgs) -> None:
            raised = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
            tail.append("".join(traceback.format_exception(*raised)))

        logging.getLogger().addHandler(self._handler)
        threading.excepthook = keep

    def release(self) -> None:
        """Let output go where it went before."""
        logging.getLogger().removeHandler(self._handler)
        threading.excepthook = self._excepthook
