"""`--key`: the private keys that open what a capture has encrypted, and the files that hold them.

What may live here: reading what the user named. A key is never shown, whatever is wrong with it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from wirebook.conformance.errors import CommandError

_KEY_OCTETS = 32
_LONGEST_KEY_FILE = 4096

KeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="FILE|BASE64",
        help="The private key of either side, to open what is encrypted; the other side's "
        "public key is found in a capture. For a message alone, give the latter too, in a "
        "second --key.",
    ),
]


def read_keys(given: Sequence[str]) -> tuple[bytes, ...]:
    """Return the keys; whatever is wrong with one, it is not shown."""
    keys = []
    for word in given:
        text = word
        if is_file(word) and not Path(word).is_dir():
            if Path(word).stat().st_size > _LONGEST_KEY_FILE:
                raise CommandError(f"{word} holds no key", hint="the base64 of 32 octets")
            text = content(Path(word)).decode("ascii", "replace")
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_OCTETS:
            raise CommandError(
                "a --key is neither the base64 of 32 octets nor a file with it",
                hint="is the path right?",
            )
        keys.append(key)
    return tuple(keys)


def is_file(source: str) -> bool:
    """Tell whether a word names a file that is there."""
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # too long for a name: hex
        return False


def content(path: Path) -> bytes:
    """Return what is in a file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
