"""`-o NAME=VALUE`: the options that the application of a book takes beside the common ones.

What may live here: reading them by the signature of the function that takes them. An option is a
keyword-only parameter with a default, annotated as str, int, float, bool or Path, or one of these
or None; on the command line, hyphens stand for its underscores.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from wirebook.conformance.errors import CommandError, did_you_mean

HELP = "help"
"""The option that lists the others."""

OptionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        metavar="NAME=VALUE",
        help="An option of the book's; may be given several times. -o help lists them.",
    ),
]

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_KINDS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """An option that a function takes."""

    parameter: str
    kind: type
    default: object

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return self.parameter.replace("_", "-")


def wants_help(given: Sequence[str]) -> bool:
    """Tell whether the options are to be listed."""
    return HELP in given


def describe(function: Callable[..., Any]) -> str:
    """Return the options that a function takes, one a line."""
    lines = [
        f"-o {known.name}=…  {_KINDS[known.kind]}" + _shown_default(known.default)
        for known in _known(function).values()
    ]
    return "\n".join(lines) or "there are no options"


def read(given: Sequence[str], function: Callable[..., Any]) -> dict[str, Any]:
    """Return the keyword arguments that the options stand for, or say which makes no sense."""
    known = _known(function)
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        option = known.get(name.replace("_", "-"))
        if option is None:
            hint = did_you_mean(name, known) if known else "this book has no options here"
            raise CommandError(f'unknown option "-o {name}"', hint=hint)
        if not equals and option.kind is not bool:
            raise CommandError(
                f"-o {name} needs a value: {_KINDS[option.kind]}", hint=f"-o {name}=…"
            )
        found[option.parameter] = _converted(option, value if equals else "true")
    return found


def _known(function: Callable[..., Any]) -> Mapping[str, _Known]:
    hints = typing.get_type_hints(function)
    found = [
        _Known(name, _kind(hints.get(name, str)), parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    return {option.name: option for option in found}


def _kind(hint: Any) -> type:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    if hint not in _KINDS:
        raise TypeError(f"no option can be of the type {hint}")
    kind: type = hint
    return kind


def _converted(option: _Known, text: str) -> Any:
    try:
        if option.kind is bool:
            return _truth(text)
        return option.kind(text)
    except ValueError:
        # The value is not repeated: it may be one that should not be on a screen.
        raise CommandError(f"-o {option.name} is not {_KINDS[option.kind]}") from None


def _truth(text: str) -> bool:
    word = text.lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError(word)
    return word in _TRUE


def _shown_default(default: object) -> str:
    if default is None or default is inspect.Parameter.empty or default == "":
        return ""
    return f" (default: {str(default).lower() if isinstance(default, bool) else default})"
