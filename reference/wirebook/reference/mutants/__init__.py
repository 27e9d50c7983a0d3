"""The bank of mutants: the reference with one rule broken at a time.

A conformance suite is worth what it detects, and this is what it has to detect: each mutant breaks
just one requirement, in a few lines over a core or a codec. `wirebook mutants` runs the suite on
each of them, `wirebook serve BOOK --mutant ID` runs one by hand. What may live here: finding
mutants; each book's are in the package of its name.
"""

from __future__ import annotations

import importlib
import pkgutil

from wirebook.reference.mutants import bank
from wirebook.reference.mutants.bank import Mutant

__all__ = ["Mutant", "apply", "find", "mutants"]


def mutants(book: str) -> tuple[Mutant, ...]:
    """Return the mutants of a book, in the order of their IDs; none if it has no bank."""
    name = f"{__name__}.{book}"
    try:
        package = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return ()
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{name}.{module.name}")
    return tuple(one for one in bank.known() if one.apply.__module__.startswith(f"{name}."))


def find(book: str, identifier: str) -> Mutant:
    """Return a mutant of a book by its ID, or raise LookupError."""
    for one in mutants(book):
        if one.id == identifier:
            return one
    raise LookupError(f"{book} has no mutant {identifier!r}")


def apply(book: str, identifier: str) -> Mutant:
    """Break the rule that a mutant breaks, in this process and for good; LookupError if unknown."""
    found = find(book, identifier)
    found.apply()
    return found
