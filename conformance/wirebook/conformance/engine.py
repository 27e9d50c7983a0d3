"""Runs a plan: pytest, kept apart from the settings, files and plugins of whoever calls it.

What may live here: the arguments and the environment of the suite's own pytest run, and what its
end means. What a case is worth is decided in `plugin.py` and `controller.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from wirebook.conformance.controller import Controller
from wirebook.conformance.plan import Plan

CASES_AT_A_TIME = 3
"""How many cases share a processor core: they mostly wait for the timers of the protocol."""

_SETTINGS = Path(__file__).with_name("cases.ini")
_PLUGIN = "wirebook.conformance.plugin"
_UNWANTED = (
    "cacheprovider",
    "doctest",
    "junitxml",
    "logging",
    "pastebin",
    "terminal",
    "threadexception",  # what ends a thread of an embedded target is output of the target
    "unittest",
    "unraisableexception",
)
_FOREIGN_SETTINGS = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_DEBUG")


def run(plan: Plan, controller: Controller, *, jobs: int = 1) -> None:
    """Run the plan's cases; everything that there is to know of them goes to the controller."""
    with tempfile.TemporaryDirectory(prefix="wirebook-") as folder, _own_settings():
        plan_file = Path(folder, "plan.json")
        plan.write(plan_file)
        controller.folder = plan_file.parent
        code = pytest.main(_arguments(plan, plan_file, jobs), plugins=[controller])
    failed = code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR)
    if failed and not controller.problems:
        controller.problems.append(f"pytest ended with status {int(code)}")


def _arguments(plan: Plan, plan_file: Path, jobs: int) -> list[str]:
    arguments = ["-c", str(_SETTINGS), f"--rootdir={plan.cases}", f"--confcutdir={plan.cases}"]
    arguments += [f"--wirebook-plan={plan_file}"]
    for name in _UNWANTED:
        arguments += ["-p", f"no:{name}"]
    arguments += ["-p", _PLUGIN, "--capture=no", "--continue-on-collection-errors"]
    if jobs > 1:
        workers = CASES_AT_A_TIME * jobs
        arguments += ["-p", "xdist", f"--numprocesses={workers}", "--dist=worksteal"]
    if plan.keyword:
        arguments += ["-k", plan.keyword]
    return arguments + [str(module.path) for module in plan.modules()]


@contextlib.contextmanager
def _own_settings() -> Iterator[None]:
    # The workers of a parallel run take the environment over, so it is there that plugins which
    # happen to be installed beside the suite are kept out.
    before = {name: os.environ.pop(name, None) for name in _FOREIGN_SETTINGS}
    before["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _interrupt(_number: int, _frame: types.FrameType | None) -> None:
    # A run that is told to end writes its reports, as after Ctrl-C.
    raise KeyboardInterrupt
