"""The targets that come with the suite, found by looking into the folders beside this module.

What may live here: finding a description by a built-in name or a path.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from wirebook.conformance.errors import CommandError, did_you_mean
from wirebook.conformance.targets import description
from wirebook.conformance.targets.description import Target

FOLDER = Path(__file__).parent


def all_targets(protocols: Collection[str], folder: Path = FOLDER) -> tuple[Target, ...]:
    """Return every built-in target: one for each name and protocol.

    Those of other protocols are passed over: a target may come before its book.
    """
    files = [path for path in sorted(folder.glob("*/*.toml")) if _describes(path)]
    return tuple(
        description.load(path, protocols)
        for path in files
        if description.protocol_of(path) in (*protocols, "")
    )


def resolve(
    text: str, books: Sequence[str], protocols: Collection[str], folder: Path = FOLDER
) -> tuple[Target, ...]:
    """Return the target of each book that `text`, a built-in name or a path, stands for.

    Without books, the target says which they are; with books, it has to know them all.
    """
    builtin = all_targets(protocols, folder)
    found = tuple(target for target in builtin if target.name == text)
    if not found:
        path = Path(text)
        if not (path.exists() or path.suffix == ".toml" or len(path.parts) > 1):
            raise CommandError(
                f'unknown target "{text}"',
                hint=did_you_mean(text, {target.name for target in builtin})
                + ", or the path of a TOML file",
            )
        found = (description.load(path, protocols),)
    if not books:
        return found
    spoken = {target.protocol: target for target in found}
    for book in books:
        if book not in spoken:
            raise CommandError(
                f'target "{text}" speaks {", ".join(spoken)}, not {book}',
                hint=f"wirebook check {' '.join(spoken)} --target {text}",
            )
    return tuple(spoken[book] for book in dict.fromkeys(books))


def _describes(path: Path) -> bool:
    # Beside its description a target keeps its expectations file; either there is a `target.toml`,
    # or the files are named after the protocols.
    if (path.parent / "target.toml").exists():
        return path.name == "target.toml"
    return not path.name.startswith("expect")
