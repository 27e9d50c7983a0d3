"""Environments of their own for built-in targets: made once, in the user's cache.

What may live here: where an environment is, whether it is whole, and making it. An environment is
made in its final place, since a venv cannot be moved, and counts only once its marker is written.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets.description import Install, Target
from wirebook.conformance.verdicts import ExitStatus

MARKER = "wirebook-installed.json"
INSTALL_SECONDS = 600.0

Progress = Callable[[str], None]


def cache_folder() -> Path:
    """Return the folder that holds the environments: `WIREBOOK_CACHE`, or the user's cache."""
    override = os.environ.get("WIREBOOK_CACHE")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("wirebook", appauthor=False))


def environment(target: Target) -> Path:
    """Return where the target's environment is, or would be."""
    install = _install_of(target)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    recipe = json.dumps([install.packages, install.python or sys.base_prefix, version])
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:10]
    name = re.sub(r"[^\w.-]+", "-", target.name)
    return cache_folder() / "targets" / f"{name}-{digest}"


def interpreter(target: Target) -> Path | None:
    """Return the environment's interpreter if the environment is whole."""
    folder = environment(target)
    return _python_of(folder) if (folder / MARKER).exists() else None


def ensure(target: Target, progress: Progress) -> Path:
    """Return the environment's interpreter, after making the environment where it is not there."""
    ready = interpreter(target)
    if ready is not None:
        return ready
    folder = environment(target)
    with _locked(folder):
        # Another process may have made it while this one waited for the lock.
        if not (folder / MARKER).exists():
            _make(target, folder, progress)
    return _python_of(folder)


def _make(target: Target, folder: Path, progress: Progress) -> None:
    install = _install_of(target)
    shutil.rmtree(folder, ignore_errors=True)
    progress(f"making an environment for {target.name} in {folder}")
    python = _maker(install, target)
    _run([python, "-m", "venv", str(folder)], target)
    progress(f"installing {', '.join(install.packages)}")
    pip = [str(_python_of(folder)), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "install", "--quiet", *install.packages], target)
    marker = folder / f".{MARKER}"
    marker.write_text(json.dumps({"packages": install.packages}), encoding="utf-8")
    marker.replace(folder / MARKER)
    progress(f"{target.name} is installed")


def _maker(install: Install, target: Target) -> str:
    if not install.python:
        return sys.executable
    found = shutil.which(install.python)
    if found is None:
        raise CommandError(
            f"{target.name} needs the interpreter {install.python}, which is not there",
            hint="install it, or name one that has the packages with --target-python",
            status=ExitStatus.UNREACHABLE,
        )
    return found


def _run(command: list[str], target: Target) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=INSTALL_SECONDS,
            check=False,
        )
        output, failed = done.stdout, done.returncode != 0
    except subprocess.TimeoutExpired:
        output, failed = f"it took longer than {INSTALL_SECONDS:.0f} s", True
    if failed:
        raise CommandError(
            f"cannot install {target.name}: {_telling(output)}",
            hint="is the package index, or git, within reach? --target-python names an interpreter "
            "that has it",
            status=ExitStatus.UNREACHABLE,
        )


def _telling(output: str) -> str:
    """Return the line of pip's output that says what is wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for beginning in ("fatal:", "ERROR"):  # what git says is quoted, what pip says comes last
        found = [line for line in lines if line.startswith(beginning)]
        if found:
            return found[-1]
    others = [line for line in lines if not line.startswith(("note:", "hint:", "[notice]"))]
    return (others or ["no output"])[-1]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def _install_of(target: Target) -> Install:
    if target.install is None:
        raise CommandError(f"{target.name} needs no environment of its own")
    return target.install
