"""Which checks cite which requirements, read from the sources without running anything.

What may live here: finding calls of `requires` and `covers` in case modules and tests, and putting
them beside the requirements and vectors of the books. Importing all cases would take a second.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wirebook.conformance.plan import CASES, modules_of

_CASE_MARK = "requires"
_MODEL_MARK = "covers"


@dataclass(frozen=True, slots=True)
class Check:
    """Something that is run, and the requirements that it says it checks."""

    name: str
    """A case's ID without parameter, a test's path and name, or a vector's ID."""
    requirements: tuple[str, ...]
    place: str
    """`file:line` for a reader who wants to mend it."""


def cases(book: str, folder: Path = CASES) -> tuple[Check, ...]:
    """Return the cases of a book."""
    found = []
    for module in modules_of(book, folder):
        for name, cited, line in _citations(module.path, _CASE_MARK):
            case_id = module.case_id(name) if name else module.case_id("")[:-1]
            found.append(Check(case_id, cited, f"{module.path.name}:{line}"))
    return tuple(found)


def model_checks(checkout: Path) -> tuple[Check, ...]:
    """Return the tests of the reference and the books that say which requirements they cover."""
    found = []
    for part in ("reference", "spec"):
        for path in sorted((checkout / part / "tests").rglob("test_*.py")):
            for name, cited, line in _citations(path, _MODEL_MARK):
                test = f"{path.stem}::{name}" if name else path.stem
                found.append(Check(test, cited, f"{path.relative_to(checkout)}:{line}"))
    return tuple(found)


def by_requirement(checks: Iterable[Check]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the checks of each requirement."""
    table: dict[str, list[str]] = {}
    for check in checks:
        for identifier in check.requirements:
            table.setdefault(identifier, []).append(check.name)
    return {identifier: tuple(dict.fromkeys(names)) for identifier, names in table.items()}


def _citations(path: Path, mark: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield the functions of a module with what their marks cite; "" for what belongs to none."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        for member in members:
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                name = (
                    f"{node.name}.{member.name}" if isinstance(node, ast.ClassDef) else member.name
                )
            else:
                name = ""
            cited = tuple(_cited(member, mark))
            if cited:
                yield name, tuple(dict.fromkeys(cited)), member.lineno
        if isinstance(node, ast.ClassDef):
            cited = tuple(one for each in node.decorator_list for one in _cited(each, mark))
            if cited:
                yield node.name, cited, node.lineno


def _cited(node: ast.AST, mark: str) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and _called(call.func) == mark:
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
