"""Who takes part in an interoperation run: the targets of each book, ready to be started.

What may live here: choosing targets by what the user asked for. Nothing is started here, but what
the user named is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from wirebook.conformance import choices
from wirebook.conformance.errors import CommandError
from wirebook.conformance.interop import Pairing
from wirebook.conformance.library import Library
from wirebook.conformance.targets import builtin, install
from wirebook.conformance.targets.description import Target


def pairings(
    library: Library,
    *,
    books: Sequence[str],
    names: Sequence[str],
    pythons: Sequence[str],
    say: Callable[[str], None],
) -> tuple[Pairing, ...]:
    """Return every client of a book with every server of it.

    `books` and `names` of targets are as the user gave them, `pythons` are `PATH` or `NAME=PATH`.
    Without names, the reference and the built-in targets that are installed take part; one that
    is named alone meets the reference.
    """
    wanted = library.known(books)
    interpreters = _interpreters(pythons)
    found = _named(library, wanted, names) if names else _at_hand(library, wanted, interpreters)
    ready = [_prepared(target, interpreters, say) for target in found]
    chosen = []
    for book in wanted or library.books:
        targets = [target for target in ready if target.protocol == book]
        if not library.has_play(book):
            if targets and (book in wanted or names):
                raise CommandError(f"{book} has no play of a client with a server yet")
            continue
        chosen += [
            Pairing(book, client, server, library.play(book), library.probe(book))
            for client, server in product(targets, targets)
            if client.client and server.server
        ]
    if not chosen:
        raise CommandError(
            "there is no client to play with a server", hint="name targets with --target"
        )
    return tuple(chosen)


def _interpreters(given: Sequence[str]) -> Mapping[str, str]:
    """Return the interpreters by the target's name, "" for all others."""
    pairs = (text.rpartition("=") for text in given)
    return {name: choices.interpreter(path) for name, _, path in pairs}


def _named(library: Library, wanted: Sequence[str], names: Sequence[str]) -> list[Target]:
    found: list[Target] = []
    for name in dict.fromkeys(names):
        of_name = builtin.resolve(name, (), library.books, library.targets)
        chosen = [target for target in of_name if not wanted or target.protocol in wanted]
        if not chosen:
            builtin.resolve(name, wanted, library.books, library.targets)  # says what is wrong
        found += chosen
    alone = {
        target.protocol
        for target in found
        if sum(other.protocol == target.protocol for other in found) == 1
    }
    reference = [
        target
        for target in builtin.all_targets(library.books, library.targets)
        if target.name == choices.DEFAULT_TARGET and target.protocol in alone
    ]
    return [target for target in reference if target not in found] + found


def _at_hand(
    library: Library, wanted: Sequence[str], interpreters: Mapping[str, str]
) -> list[Target]:
    return [
        target
        for target in builtin.all_targets(library.books, library.targets)
        if (not wanted or target.protocol in wanted)
        and (
            target.install is None
            or target.name in interpreters
            or install.interpreter(target) is not None
        )
    ]


def _prepared(
    target: Target, interpreters: Mapping[str, str], say: Callable[[str], None]
) -> Target:
    python = interpreters.get(target.name, interpreters.get("", ""))
    if not python and target.install is not None:
        python = str(install.ensure(target, say))
    return replace(target, python=python)
