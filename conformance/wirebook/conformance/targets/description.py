"""A target's description: what a TOML file says, checked and frozen.

What may live here: the data and its validation. Nothing in here starts or opens anything but the
TOML file itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.targets.address import local_address

ROLES = ("server", "client")
START_SECONDS = 15.0
_STARTS = ("command", "address", "embedded")
_KEYS: dict[str, dict[str, type]] = {
    "": {
        "name": str,
        "protocol": str,
        "features": list,
        "expect": str,
        "server": dict,
        "client": dict,
        "install": dict,
    },
    "server": {
        "command": list,
        "address": str,
        "embedded": str,
        "ready": str,
        "cwd": str,
        "env": dict,
        "start_seconds": float,
    },
    "client": {
        "command": list,
        "embedded": str,
        "cwd": str,
        "env": dict,
        "start_seconds": float,
    },
    "install": {"packages": list, "python": str},
}
_TYPE_NAMES = {
    str: "a string",
    list: "a list of strings",
    dict: "a table",
    float: "a number of seconds",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one role of a target is reached: by exactly one of command, address and embedded."""

    command: tuple[str, ...] = ()
    """The program and its arguments, with `{host}`, `{port}` and `{python}` to be filled in."""
    address: str = ""
    """`host:port` of a server that somebody else runs."""
    embedded: str = ""
    """`package.module:function` that is called in a thread of the suite."""
    ready: str = ""
    """A regular expression on the output that shows that the server listens."""
    cwd: str = ""
    """The folder to start the command in: that of the TOML file, or relative to it."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables on top of the suite's own."""
    start_seconds: float = START_SECONDS
    """How long the start may take."""


@dataclass(frozen=True, slots=True)
class Install:
    """An environment of its own that a built-in target needs."""

    packages: tuple[str, ...]
    python: str = ""
    """The interpreter to make the environment with; empty for the suite's own."""


@dataclass(frozen=True, slots=True)
class Target:
    """An implementation under test of one protocol."""

    name: str
    protocol: str
    features: tuple[str, ...] | None
    """What the implementation declares; None where a bare address stands for all of it."""
    server: Endpoint | None = None
    client: Endpoint | None = None
    install: Install | None = None
    expect: str = ""
    """Path of the target's own expectations file."""
    origin: str = ""
    """Path of the TOML file; empty for a bare address."""
    python: str = ""
    """What `{python}` stands for; empty for the suite's own interpreter."""

    def endpoint(self, role: str) -> Endpoint | None:
        """Return how the role is reached."""
        return self.server if role == "server" else self.client

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that the target plays."""
        return tuple(role for role in ROLES if self.endpoint(role))

    def to_json(self) -> dict[str, Any]:
        """Return the description as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Target:
        """Rebuild a description from what `to_json` gave."""
        features = data["features"]
        return cls(
            **{
                **data,
                "features": None if features is None else tuple(features),
                "server": _endpoint(data["server"]) if data["server"] else None,
                "client": _endpoint(data["client"]) if data["client"] else None,
                "install": _install(data["install"]) if data["install"] else None,
            }
        )


def load(path: Path, protocols: Collection[str]) -> Target:
    """Read a target file; CommandError says in one line what is wrong with it."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(f"no target file {path}", hint="is the path right?") from None
    except IsADirectoryError:
        raise CommandError(
            f"{path} is a folder", hint=f"name the file in it, e.g. {path}/target.toml"
        ) from None
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not UTF-8: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise CommandError(f"{path} is not TOML: {error}") from error
    return parse(data, path, protocols)


def protocol_of(path: Path) -> str:
    """Return the protocol that a target file names; "" if it cannot be told."""
    try:
        named = tomllib.loads(path.read_text(encoding="utf-8")).get("protocol")
    except (OSError, ValueError):
        return ""
    return named if isinstance(named, str) else ""


def parse(data: Mapping[str, Any], path: Path, protocols: Collection[str]) -> Target:
    """Check what a target file says."""
    _check_table(data, "", path)
    for key in ("name", "protocol"):
        if not data.get(key):
            raise CommandError(f"{path}: {key} is missing", hint=f'add {key} = "…" at the top')
    if data["protocol"] not in protocols:
        raise CommandError(
            f'{path}: unknown protocol "{data["protocol"]}"',
            hint=did_you_mean(data["protocol"], protocols),
        )
    if not (data.get("server") or data.get("client")):
        raise CommandError(
            f"{path}: neither [server] nor [client]",
            hint='add e.g. [server] with command = ["./server", "{port}"]',
        )
    expect = data.get("expect", "")
    return Target(
        name=data["name"],
        protocol=data["protocol"],
        features=tuple(data.get("features", ())),
        server=_checked_endpoint(data, "server", path),
        client=_checked_endpoint(data, "client", path),
        install=_checked_install(data, path),
        expect=str(path.resolve().parent / expect) if expect else "",
        origin=str(path.resolve()),
    )


def _check_table(table: Mapping[str, Any], name: str, path: Path) -> None:
    where = f"in [{name}]" if name else "at the top"
    for key, value in table.items():
        wanted = _KEYS[name].get(key)
        if wanted is None:
            raise CommandError(
                f'{path}: unknown key "{key}" {where}', hint=did_you_mean(key, _KEYS[name])
            )
        if not _fits(value, wanted):
            raise CommandError(f'{path}: "{key}" {where} is not {_TYPE_NAMES[wanted]}')
        if wanted is dict and key in _KEYS:
            _check_table(value, key, path)


def _fits(value: object, wanted: type) -> bool:
    if wanted is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    if wanted is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, wanted)


def _checked_endpoint(data: Mapping[str, Any], role: str, path: Path) -> Endpoint | None:
    table = data.get(role)
    if not table:
        return None
    given = [key for key in _STARTS if table.get(key)]
    if len(given) != 1:
        choice = " or ".join(key for key in _STARTS if key in _KEYS[role])
        problem = f"both {' and '.join(given)}" if given else "nothing to start"
        raise CommandError(f"{path}: {problem} in [{role}]", hint=f"give one of {choice}")
    if "address" in given:
        local_address(table["address"])
    if "embedded" in given and not re.fullmatch(r"[\w.]+:\w+", table["embedded"]):
        raise CommandError(
            f'{path}: "embedded" in [{role}] is not a name', hint='e.g. "package.module:function"'
        )
    for key, value in table.get("env", {}).items():
        if not isinstance(value, str):
            raise CommandError(f'{path}: "{key}" in [{role}.env] is not a string')
    try:
        re.compile(table.get("ready", ""))
    except re.error as error:
        raise CommandError(
            f'{path}: "ready" in [{role}] is not a regular expression: {error}'
        ) from error
    folder = path.resolve().parent
    return _endpoint({**table, "cwd": str(folder / table.get("cwd", ""))})


def _checked_install(data: Mapping[str, Any], path: Path) -> Install | None:
    table = data.get("install")
    if table is None:
        return None
    if not table.get("packages"):
        raise CommandError(f"{path}: packages is missing in [install]")
    return _install(table)


def _endpoint(table: Mapping[str, Any]) -> Endpoint:
    return Endpoint(**{**table, "command": tuple(table.get("command", ()))})


def _install(table: Mapping[str, Any]) -> Install:
    return Install(packages=tuple(table["packages"]), python=table.get("python", ""))
