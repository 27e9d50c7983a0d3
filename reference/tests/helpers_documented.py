"""The documented API of an original, as a table, and a reference's own, by introspection.

What may live here: reading both alike; what has to be equal is for the tests to say.
"""

import ast
import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest


class Documented:
    """The table of what the documents of an original say: `documented_<book>.json`.

    `package` lists the names of the package itself, and `modules` has the names in each of its
    modules with what is documented of them; "" stands for the package.
    """

    def __init__(self, book: str) -> None:
        table = json.loads(Path(__file__).with_name(f"documented_{book}.json").read_text())
        self.package: list[str] = table["package"]
        self._root = f"wirebook.reference.{book}"
        self._facts = [
            (module, name, facts)
            for module, names in table["modules"].items()
            for name, facts in names.items()
        ]

    def names(self) -> list[Any]:
        """Return module, name and facts of everything documented, as parameters of a test."""
        return [
            pytest.param(module, name, facts, id=f"{module}.{name}")
            for module, name, facts in self._facts
        ]

    def calls(self) -> list[Any]:
        """Return module, name and parameters of everything that can be called."""
        return [
            pytest.param(module, called, text, id=f"{module}.{called}")
            for module, name, facts in self._facts
            for called, text in [
                *([(name, facts["call"])] if "call" in facts else []),
                *((f"{name}.{method}", call) for method, call in facts.get("methods", {}).items()),
            ]
        ]

    def find(self, module: str, name: str) -> Any:
        """Return what a dotted name of a module stands for."""
        found: Any = import_module(f"{self._root}.{module}".rstrip("."))
        for part in name.split("."):
            found = getattr(found, part)
        return found


def parameters(text: str) -> list[tuple[str, str, object]]:
    """Return name, kind and default of the parameters that a documented call has."""
    arguments = ast.parse(f"def f{text}: pass").body[0].args  # type: ignore[attr-defined]
    plain = [(argument.arg, "positional") for argument in arguments.posonlyargs]
    plain += [(argument.arg, "plain") for argument in arguments.args]
    required = len(plain) - len(arguments.defaults)
    defaults = [inspect.Parameter.empty] * required
    defaults += [ast.literal_eval(default) for default in arguments.defaults]
    found: list[tuple[str, str, object]] = [
        (*pair, default) for pair, default in zip(plain, defaults, strict=True)
    ]
    if arguments.vararg:
        found.append((arguments.vararg.arg, "*", inspect.Parameter.empty))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        value = inspect.Parameter.empty if default is None else ast.literal_eval(default)
        found.append((argument.arg, "keyword", value))
    if arguments.kwarg:
        found.append((arguments.kwarg.arg, "**", inspect.Parameter.empty))
    return found


def actual(function: Any) -> list[tuple[str, str, object]]:
    """Return name, kind and default of the parameters that a function has."""
    kinds: dict[object, str] = {
        inspect.Parameter.POSITIONAL_ONLY: "positional",
        inspect.Parameter.POSITIONAL_OR_KEYWORD: "plain",
        inspect.Parameter.VAR_POSITIONAL: "*",
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_KEYWORD: "**",
    }
    return [
        (parameter.name, kinds[parameter.kind], parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.name != "self"
    ]


def check_call(have: list[tuple[str, str, object]], want: list[tuple[str, str, object]]) -> None:
    """Fail unless there are the documented parameters in their order, and others are optional.

    A default of `...` stands for one that the documents do not name.
    """
    defaults = {name: default for name, _, default in have}
    named = [
        (name, kind, defaults.get(name) if default is ... else default)
        for name, kind, default in want
    ]
    for parameter in have:
        if parameter not in named:
            assert parameter[1] == "keyword"
        if parameter not in want:
            assert parameter[2] is not inspect.Parameter.empty
    assert [parameter for parameter in have if parameter in named] == named
