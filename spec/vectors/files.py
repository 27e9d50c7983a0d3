"""The files of vectors: groups of tests, written to JSON with one test on each line.

Here lives the shape of a file and nothing that knows the protocol.
"""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vectors.octets import typed

PREFIXES = {"pygase": "PGS", "packetmq": "PMQ", "pgnet": "PGN"}
"""What the requirements of each book begin with."""


@dataclass(frozen=True, slots=True)
class Group:
    """Tests of one type, about one message (none for arithmetic and transcripts)."""

    type: str
    comment: str
    message: str | None = None
    tests: list[dict[str, Any]] = field(default_factory=list)

    def decode(
        self,
        name: str,
        requirements: str,
        octets: bytes,
        value: Any,
        *,
        comment: str = "",
        spans: list[tuple[int, int, str]] | None = None,
        result: str = "valid",
    ) -> None:
        """Add a datagram that means `value`."""
        fields = {"hex": octets.hex(), "value": typed(value)}
        if spans is not None:
            fields["spans"] = [list(span) for span in spans]
        self._add(name, requirements, comment, fields, result)

    def encode(
        self, name: str, requirements: str, value: Any, octets: bytes, *, comment: str = ""
    ) -> None:
        """Add a value that is sent as `octets`."""
        self._add(
            name, requirements, comment, {"hex": octets.hex(), "value": typed(value)}, "valid"
        )

    def refuse(self, name: str, requirements: str, value: Any, *, comment: str = "") -> None:
        """Add a value that a sender has to refuse."""
        self._add(name, requirements, comment, {"value": typed(value)}, "invalid")

    def reject(self, name: str, requirements: str, octets: bytes, *, comment: str = "") -> None:
        """Add a datagram that is discarded for the first of `requirements`."""
        self._add(name, requirements, comment, {"hex": octets.hex()}, "invalid")

    def arithmetic(self, op: str, a: int, b: int, value: int | bool, requirements: str) -> None:
        """Add one sum, difference or comparison of sequences."""
        fields = {"op": op, "a": a, "b": b, "value": value}
        self._add(f"{op}-{a}-{b}", requirements, "", fields, "valid")

    def crypto(
        self,
        kind: str,
        name: str,
        requirements: str,
        *,
        comment: str = "",
        result: str = "valid",
        **fields: Any,
    ) -> None:
        """Add a test of cryptography of the given kind; octets among its fields as bytes."""
        hexed = {"hex": fields.pop("text").hex()} if "text" in fields else {}
        inside = {key: typed(value) for key, value in fields.items()}
        self._add(name, requirements, comment, {"kind": kind, **hexed, **inside}, result)

    def transcript(
        self, kind: str, name: str, requirements: str, *, comment: str = "", **fields: Any
    ) -> None:
        """Add a transcript of the given kind."""
        self._add(name, requirements, comment, {"kind": kind, **fields}, "valid")

    def _add(
        self, name: str, requirements: str, comment: str, fields: dict[str, Any], result: str
    ) -> None:
        test: dict[str, Any] = {"id": name, "requirements": requirements.split()}
        if comment:
            test["comment"] = comment
        self.tests.append(test | fields | {"result": result})


def committed(book: str) -> Path:
    """Return the folder where a book's vectors live."""
    return Path(__file__).parents[1] / "wirebook" / "spec" / book / "vectors"


def write(book: str, name: str, comment: str, groups: list[Group]) -> None:
    """Write an independent file into the folder named by the last argument, or to its place."""
    folder = Path(sys.argv[-1]) if len(sys.argv) > 1 else committed(book)
    write_to(folder / name, book, comment, groups, origin="independent")


def write_to(path: Path, book: str, comment: str, groups: list[Group], *, origin: str) -> None:
    """Write a file: one line for each test, so that a difference shows the test that changed."""
    head = {"book": book, "origin": origin, "comment": comment}
    blocks = [_block(group, PREFIXES[book]) for group in groups]
    text = _line(head)[:-1] + ', "groups": [\n' + ",\n".join(blocks) + "\n]}\n"
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _block(group: Group, prefix: str) -> str:
    head = {"type": group.type, "comment": group.comment}
    if group.message is not None:
        head["message"] = group.message
    tests = ",\n  ".join(_line(_cited(test, prefix)) for test in group.tests)
    return " " + _line(head)[:-1] + ', "tests": [\n  ' + tests + "\n ]}"


def _cited(test: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Return a test with the names of its requirements in full."""
    return test | {"requirements": [f"{prefix}-{short}" for short in test["requirements"]]}


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
