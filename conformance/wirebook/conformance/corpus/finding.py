"""A finding: what broke, and the shortest known way to break it again.

What may live here: the plain data and its form as JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

Step = Mapping[str, str | int | float]
"""One thing that the peers of a target do, as data; what there is to do is the book's player's."""

Script = tuple[tuple[str, Mapping[str, Any]], ...]
"""The steps of a state machine: the name of each rule with its arguments."""

_NAME_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One way to break an implementation."""

    book: str
    role: str
    """The role that breaks: `server` or `client`."""
    way: str
    """What found it: `octets`, `differential`, `machine` or `live`."""
    signature: str
    """What broke, without anything that changes from one time to the next."""
    what: str
    """What happens, in one sentence."""
    requirements: tuple[str, ...]
    """The IDs of what is broken."""
    steps: tuple[Step, ...] = ()
    """What has to be done on the wire to see it."""
    script: Script = ()
    """What the state machine did; only of findings of the way `machine`."""
    message: str = ""
    """The message of the book that the octets are meant to be; only of findings in octets."""
    target: str = "reference"
    """The name of what broke."""
    seed: int = 0
    """The seed of the lot that found it."""
    output: str = ""
    """The last output of what broke, or its traceback."""

    @property
    def name(self) -> str:
        """The name of its file, which is the same for whatever breaks in the same way."""
        told = "\n".join((self.book, self.role, self.way, self.signature))
        return hashlib.sha256(told.encode()).hexdigest()[:_NAME_LENGTH]

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """Rebuild a finding from what `to_json` gave."""
        return cls(
            **{
                **data,
                "requirements": tuple(data["requirements"]),
                "steps": tuple(data.get("steps", ())),
                "script": tuple((name, arguments) for name, arguments in data.get("script", ())),
            }
        )
