"""Judging a session that somebody else has had, by a capture of it.

What may live here: the way from a capture to what its sessions break, and in a module for each
book, found by its name, the rules that can be seen by looking on. A module has

    examine(contents: Contents, ledger: Ledger, keys: Sequence[bytes]) -> None

Only what is certain is judged: a capture may begin in the middle of a session, and what has passed
the place where it was made may have been lost behind it. One thing is taken for granted: that the
capture itself has left nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from wirebook.conformance import capture
from wirebook.conformance.errors import CommandError
from wirebook.conformance.passive.ledger import Ledger

__all__ = ["Ledger", "judge", "load"]


def judge(book: str, data: bytes, keys: Sequence[bytes] = ()) -> Ledger:
    """Return what the sessions of a book in a capture hold and break."""
    name = f"{__name__}.{book}"
    if find_spec(name) is None:
        raise CommandError(f"there are no rules to judge a capture of {book} by")
    contents = capture.read(data)
    ledger = Ledger(book)
    if contents.problem:
        ledger.problems.append(contents.problem)
    import_module(name).examine(contents, ledger, keys)
    return ledger


def load(path: Path) -> bytes:
    """Return the octets of a capture file; CommandError says what is wrong with it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    if not capture.is_capture(data):
        raise CommandError(
            f"{path} is not a capture", hint="pcap and pcapng can be read, as tcpdump writes them"
        )
    return data
