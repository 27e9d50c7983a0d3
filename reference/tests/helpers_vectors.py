"""Choosing the test vectors of a book for a test. What may live here: that."""

from collections.abc import Callable

import pytest

from wirebook.spec.vectors import load


def vectors_of(book: str) -> Callable[..., pytest.MarkDecorator]:
    """Return a function that parametrizes a test with the book's vectors of some types."""
    pairs = [(group, vector) for group in load(book) for vector in group.tests]

    def of(*types: str, kind: str | None = None) -> pytest.MarkDecorator:
        chosen = [
            pytest.param(group, vector, id=vector.id)
            for group, vector in pairs
            if group.type in types and kind in (None, vector.detail.get("kind"))
        ]
        assert chosen
        return pytest.mark.parametrize(("group", "vector"), chosen)

    return of
