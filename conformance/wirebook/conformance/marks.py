"""The marks that a case carries: which requirements it checks, and what it needs.

What may live here: the decorators that case modules use. What they cause is in `plugin.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    fresh_target: pytest.MarkDecorator
    """The server is newly started for the case, has seen no peer yet, and is ended after it."""
    slow: pytest.MarkDecorator
    """The case takes several seconds: it begins before the others, so that none waits for it."""

MARKS = {
    "requires": "requires(*ids): the requirements that the case checks",
    "feature": "feature(*names): what the target has to declare, or the case is unsupported",
    "fresh_target": "fresh_target: the server is newly started for the case, and ended after it",
    "exact_network": "exact_network(reason): why the case means nothing on a bad network",
    "slow": "slow: the case takes several seconds, and begins before the others",
}


def requires(*identifiers: str) -> pytest.MarkDecorator:
    """Say which requirements a case checks; the first one is what it is mainly about."""
    if not identifiers or not all(isinstance(one, str) for one in identifiers):
        raise TypeError("requires() wants the IDs of requirements")
    return pytest.mark.requires(*identifiers)


def exact_network(reason: str) -> pytest.MarkDecorator:
    """Say why a case means nothing on a bad network; with `--network`, it is unsupported."""
    if not isinstance(reason, str) or not reason:
        raise TypeError("exact_network() wants a reason")
    return pytest.mark.exact_network(reason)


def feature(*names: str) -> pytest.MarkDecorator:
    """Say which features a target has to declare for the case to make sense."""
    if not names or not all(isinstance(one, str) for one in names):
        raise TypeError("feature() wants the names of features")
    return pytest.mark.feature(*names)


def __getattr__(name: str) -> pytest.MarkDecorator:
    # Looked up only when a case module asks for it: pytest refuses names that its present settings
    # do not know, and this module is imported under those of others, too.
    if name in ("fresh_target", "slow"):
        mark: pytest.MarkDecorator = getattr(pytest.mark, name)
        return mark
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
