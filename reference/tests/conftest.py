"""The marker that the tests of the reference use. What may live here: settings of pytest."""

import pytest
from hypothesis import settings

# A machine that is busy with something else is no reason to fail.
settings.register_profile("reference", deadline=None)
settings.load_profile("reference")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of `helpers_reference.covers`."""
    config.addinivalue_line("markers", "covers(*ids): the requirements that a test checks")
