"""What a mutant is, and how it changes the reference.

What may live here: the type, the list that the banks of the books fill, and the two ways of putting
something else in the place of a part of the reference. Only parts of the reference are replaced:
the suite may run in the same process, and what both use has to stay as it is.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_OURS = "wirebook.reference."


@dataclass(frozen=True, slots=True)
class Mutant:
    """The reference with one rule broken."""

    id: str
    """`PGS-M014`; never used again for another one."""
    requirement: str
    """The one that is broken."""
    sentence: str
    """What it does wrong, for a reader who knows the book."""
    role: str
    """In which role it can be seen: `server`, `client`, or `both`."""
    apply: Callable[[], None]
    """Breaks the rule, in this process and for good."""


_all: dict[str, Mutant] = {}


def mutant(
    identifier: str, requirement: str, sentence: str, *, role: str = "both"
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Take a function that breaks a rule into the bank."""
    if identifier in _all:
        raise ValueError(f"two mutants are called {identifier}")
    if role not in ("server", "client", "both"):
        raise ValueError(f"{identifier}: {role} is not a role")

    def take(apply: Callable[[], None]) -> Callable[[], None]:
        _all[identifier] = Mutant(identifier, requirement, sentence, role, apply)
        return apply

    return take


def known() -> tuple[Mutant, ...]:
    """Return all mutants that were taken into the bank so far, in the order of their IDs."""
    return tuple(_all[identifier] for identifier in sorted(_all))


def override(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated function in the place of a function, method or property of the reference.

    It is called with the original before the arguments. AttributeError is raised if there is no
    such original, so that no mutant outlives what it breaks unnoticed.
    """
    _check_ours(owner)
    # Read past the descriptors, and from the class that it is defined in.
    original = vars(owner)[name] if name in vars(owner) else getattr(owner, name)

    def put(changed: Callable[..., Any]) -> Callable[..., Any]:
        put_in: Any
        if isinstance(original, property):
            if original.fget is None:
                raise AttributeError(f"{name} cannot be read")
            put_in = property(functools.partial(_call, changed, original.fget))
        elif isinstance(original, staticmethod | classmethod):
            put_in = type(original)(_wrapped(changed, original.__func__))
        else:
            put_in = _wrapped(changed, original)
        _put(owner, name, original, put_in)
        return changed

    return put


def set_value(owner: Any, name: str, value: Any) -> None:
    """Put another value in the place of a constant, a table or a default of the reference."""
    _check_ours(owner)
    _put(owner, name, getattr(owner, name), value)


def _call(changed: Callable[..., Any], original: Callable[..., Any], *arguments: Any) -> Any:
    return changed(original, *arguments)


def _wrapped(changed: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*arguments: Any, **named: Any) -> Any:
        return changed(original, *arguments, **named)

    return call


def _put(owner: Any, name: str, original: Any, changed: Any) -> None:
    setattr(owner, name, changed)
    if not isinstance(owner, ModuleType):
        return
    # Modules that have imported it by its name have their own reference to it.
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith(_OURS) and vars(module).get(name) is original:
            setattr(module, name, changed)


def _check_ours(owner: Any) -> None:
    name = owner.__name__ if isinstance(owner, ModuleType) else owner.__module__
    if not f"{name}.".startswith(_OURS):
        raise ValueError(f"{owner} is not a part of the reference")
