"""The readers of a book's messages: its schemas, and the codec of the reference.

A book's module of this package says how its codec is asked. What may live here: reading octets with
both, and what a reader that fails in another way than by refusing has done.
"""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from wirebook.fuzz import signatures
from wirebook.fuzz.differential.readings import Disagreement, Reading, disagreement
from wirebook.spec import books

Read = Callable[[str, bytes], Reading]
"""Reads the octets of a message."""

SCHEMA, CODEC = "schema", "codec"


def module_of(book: str) -> ModuleType:
    """Return the module of this package that knows the book's codec."""
    return importlib.import_module(f"{__package__}.{book}")


def messages_of(book: str, role: str) -> tuple[str, ...]:
    """Return the messages that a role reads."""
    table: Mapping[str, tuple[str, ...]] = module_of(book).MESSAGES
    return tuple(message for message, roles in table.items() if role in roles)


def in_process(book: str) -> Mapping[str, Read]:
    """Return the readers that need no target."""
    module, schemas = module_of(book), books.get(book)

    def by_schema(message: str, data: bytes) -> Any:
        return module.meant(message, schemas.parse(message, data))

    def by_codec(message: str, data: bytes) -> Any:
        return module.read(message, data)

    return {
        SCHEMA: lambda *given: _reading(by_schema, books.Malformed, *given),
        CODEC: lambda *given: _reading(by_codec, module.REFUSED, *given),
    }


def fits(book: str, message: str, data: bytes) -> bool:
    """Tell whether octets can be given to all readers.

    Where a message is only a part of what travels, nobody but the schema knows how long it can be.
    """
    most = books.get(book).messages[message].most
    return most is None or len(data) <= most or message in module_of(book).LIMITED


def judged(readers: Mapping[str, Read], message: str, data: bytes) -> Disagreement | None:
    """Return how the readers part over octets; None if they agree."""
    return disagreement(message, {name: read(message, data) for name, read in readers.items()})


def requirements_of(book: str, parted: Disagreement) -> tuple[str, ...]:
    """Return what is broken; a reader that has come to its end should have survived."""
    survival: str = module_of(book).SURVIVAL
    return parted.requirements or ((survival,) if parted.failed else ())


def class_of(reading: Reading) -> str:
    """Return what to call the outcome of a reading."""
    return "accepted" if reading.taken else reading.requirement or "failed"


def _reading(read: Callable[[str, bytes], Any], refused: Any, message: str, data: bytes) -> Reading:
    try:
        return Reading(True, read(message, data))
    except refused as error:
        requirement = str(getattr(error, "requirement", ""))
        return Reading(False, requirement=requirement, reason=str(getattr(error, "reason", error)))
    except Exception as error:  # whatever else it is, it is a finding
        told = "".join(traceback.format_exception(error))
        return Reading(False, failed=signatures.of_exception(error), output=told)
