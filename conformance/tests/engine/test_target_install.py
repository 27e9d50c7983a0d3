"""Environments of built-in targets: made once, whole or not at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wirebook.conformance.errors import CommandError
from wirebook.conformance.targets import install
from wirebook.conformance.targets.description import Install, Target
from wirebook.conformance.verdicts import ExitStatus


def target(*packages: str, python: str = "") -> Target:
    wanted = Install(packages=packages, python=python)
    return Target(name="toy 1.0", protocol="toy", features=(), install=wanted)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("WIREBOOK_CACHE", str(folder))
    return folder


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Give a package that needs no index to be installed."""
    path = tmp_path / "toybox-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toybox.py", "CONTENT = 'a ball'\n")
        info = "toybox-1.0.dist-info/"
        archive.writestr(f"{info}METADATA", "Metadata-Version: 2.1\nName: toybox\nVersion: 1.0\n")
        archive.writestr(
            f"{info}WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}RECORD", f"toybox.py,,\n{info}METADATA,,\n{info}WHEEL,,\n")
    return path


def test_environment_is_made_once(wheel: Path, cache: Path) -> None:
    """The first use makes the environment and tells of it; the second finds it."""
    told: list[str] = []
    python = install.ensure(target(str(wheel)), told.append)
    answer = subprocess.run(
        [str(python), "-c", "import toybox; print(toybox.CONTENT)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "a ball\n"
    assert cache in python.parents
    assert told[-1] == "toy 1.0 is installed"
    told.clear()
    assert (install.ensure(target(str(wheel)), told.append), told) == (python, [])


def test_environment_without_its_marker_does_not_count(cache: Path) -> None:
    """An environment that was interrupted halfway is not used."""
    half = install.environment(target("one==1"))
    (half / "bin").mkdir(parents=True)
    (half / "bin" / "python").write_text("")
    assert install.interpreter(target("one==1")) is None


def test_other_packages_are_another_environment() -> None:
    """A changed list of packages does not meet an old environment."""
    assert install.environment(target("one==1")) != install.environment(target("one==2"))


def test_environment_is_made_while_others_wait(cache: Path) -> None:
    """Whoever waited for the lock finds the environment that was made meanwhile."""
    wanted = target("one==1")
    folder = install.environment(wanted)
    code = (
        "import sys\n"
        "from wirebook.conformance.targets import install\n"
        "from wirebook.conformance.targets.description import Install, Target\n"
        "wanted = Target('toy 1.0', 'toy', (), install=Install(('one==1',)))\n"
        "print(install.ensure(wanted, print))\n"
    )
    with install._locked(folder):
        waiting = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        folder.mkdir()
        (folder / install.MARKER).write_text(json.dumps({}))
    output, _ = waiting.communicate(timeout=30)
    assert output == f"{folder / 'bin' / 'python'}\n"


def test_failure_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that cannot be made is a target that cannot be reached."""
    missing = tmp_path / "gone-1.0-py3-none-any.whl"
    with pytest.raises(CommandError, match=r"cannot install toy 1.0: .*gone-1.0") as raised:
        install.ensure(target(str(missing)), lambda _: None)
    assert raised.value.status is ExitStatus.UNREACHABLE
    assert install.interpreter(target(str(missing))) is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_repository_out_of_reach_is_told_by_git() -> None:
    """A requirement may be a repository; what git says of it is worth more than pip's summary."""
    with pytest.raises(CommandError, match=r"cannot install toy 1\.0: fatal: .*") as raised:
        install.ensure(target("git+file:///gone/repository.git"), lambda _: None)
    assert "--target-python names an interpreter that has it" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("one\nERROR: two\n[notice] three", "ERROR: two"),
        ("ERROR: one\n  fatal: two\nnote: three", "fatal: two"),
        ("one\ntwo\nnote: three\n\n", "two"),
        ("", "no output"),
    ],
)
def test_line_that_tells_most_is_shown(output: str, reason: str) -> None:
    """Notes are not what went wrong."""
    assert install._telling(output) == reason


def test_interpreter_that_is_not_there_is_named() -> None:
    """An environment that needs an interpreter of its own says which."""
    with pytest.raises(CommandError, match=r"needs the interpreter python0\.9"):
        install.ensure(target("one==1", python="python0.9"), lambda _: None)
