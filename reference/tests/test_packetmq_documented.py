"""The documented API, walked name by name against the table of what the documents say."""

from typing import Any

import pytest

from tests.helpers_documented import Documented, actual, check_call, parameters
from wirebook.reference import packetmq

DOCUMENTED = Documented("packetmq")


@pytest.mark.parametrize("name", DOCUMENTED.package)
def test_package_has_the_documented_names(name: str) -> None:
    """What the documentation finds in the package itself is there, and listed."""
    assert name in packetmq.__all__
    assert hasattr(packetmq, name)


@pytest.mark.parametrize(("module", "name", "facts"), DOCUMENTED.names())
def test_documented_class_is_there(module: str, name: str, facts: dict[str, Any]) -> None:
    """Classes are where the documentation has them, with the documented base."""
    found = DOCUMENTED.find(module, name)
    assert issubclass(found, DOCUMENTED.find("", facts["is"]) if "is" in facts else object)


@pytest.mark.parametrize(("module", "name", "text"), DOCUMENTED.calls())
def test_documented_call_works(module: str, name: str, text: str) -> None:
    """Parameters have the documented names, kinds, order and defaults; more are optional."""
    check_call(actual(DOCUMENTED.find(module, name)), parameters(text))


def test_ids_of_application_packets() -> None:
    """The range is the book's; the original names an id more than two octets hold."""
    assert (packetmq.MIN_PACKET_ID, packetmq.MAX_PACKET_ID) == (16, 65535)
