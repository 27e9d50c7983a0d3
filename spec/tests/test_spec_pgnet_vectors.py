"""The vectors of PGNet that no other book has: keys, boxes, sessions, and what a value means."""

from typing import Any

import pytest

from wirebook.spec import books, vectors
from wirebook.spec.dissection import Malformed
from wirebook.spec.pgnet import tunnel
from wirebook.spec.pgnet.wire import meaning
from wirebook.spec.vectors import Group, Vector, same

BOOK = books.get("pgnet")
GROUPS = vectors.load("pgnet")


def cases(kind: str, *results: str) -> list[Any]:
    """Return the tests of a type, or of a kind of cryptography or transcript."""
    return [
        pytest.param(group, test, id=test.id)
        for group in GROUPS
        for test in group.tests
        if kind in (group.type, test.detail.get("kind")) and test.result in (results or ("valid",))
    ]


def opened(test: Vector) -> bytes:
    """Return what is in the box of a test."""
    return tunnel.open_box(test.data, test.detail["private_key"], test.detail["public_key"])


@pytest.mark.parametrize(
    ("group", "test"), [case for case in cases("decode") if case.values[0].message != "box"]
)
def test_value_means_what_the_vector_says(group: Group, test: Vector) -> None:
    """Defaults are filled in, and what does not count is left out."""
    value = BOOK.parse(group.message, test.data)
    assert same(meaning(group.message, value), test.detail["means"])


@pytest.mark.parametrize(("group", "test"), cases("key", "valid", "invalid"))
def test_key_vector(group: Group, test: Vector) -> None:
    """A public key is usable, or not, as the vector says."""
    assert tunnel.usable(test.value) == (test.result == "valid")


@pytest.mark.parametrize(("group", "test"), cases("open"))
def test_open_vector(group: Group, test: Vector) -> None:
    """The text opens to exactly these octets."""
    assert opened(test) == test.value


@pytest.mark.parametrize(("group", "test"), cases("open", "invalid"))
def test_text_that_does_not_open_vector(group: Group, test: Vector) -> None:
    """The text is refused, for the first of the named requirements."""
    with pytest.raises(Malformed) as caught:
        opened(test)
    assert caught.value.requirement == test.requirements[0]


@pytest.mark.parametrize(("group", "test"), cases("seal"))
def test_seal_vector(group: Group, test: Vector) -> None:
    """Keys and nonce make exactly this text of the octets."""
    keys = test.detail["private_key"], test.detail["public_key"]
    assert tunnel.seal(test.value, test.detail["nonce"], *keys).encode() == test.data


@pytest.mark.parametrize(("group", "test"), cases("receive"))
def test_receive_vector(group: Group, test: Vector) -> None:
    """The text opens to a message with this value."""
    assert same(BOOK.parse(test.detail["read_as"], opened(test)), test.value)


@pytest.mark.parametrize(("group", "test"), cases("receive", "invalid"))
def test_contents_that_are_refused_vector(group: Group, test: Vector) -> None:
    """The text opens, and what is in it is refused for the first of the named requirements."""
    data = opened(test)
    with pytest.raises(Malformed) as caught:
        BOOK.parse(test.detail["read_as"], data)
    assert caught.value.requirement == test.requirements[0]


@pytest.mark.parametrize(("group", "test"), cases("session"))
def test_session_vector(group: Group, test: Vector) -> None:
    """Each message opens, decodes, encodes and seals to the same octets."""
    private = {side: test.detail[f"{side}_private_key"] for side in ("client", "server")}
    public = {side: tunnel.public_key_of(key) for side, key in private.items()}
    for number, message in enumerate(test.detail["messages"]):
        sender = message["from"]
        recipient = "server" if sender == "client" else "client"
        name = "request" if sender == "client" else "response"
        text = message["text"]
        if number < 2:
            assert tunnel.offered_key(text) == public[sender]
            clear = text
        else:
            clear = tunnel.open_box(text, private[recipient], public[sender])
        assert same(BOOK.parse(name, clear), message["value"])
        assert BOOK.build(name, message["value"]) == clear
        if number >= 2:
            sealed = tunnel.seal(clear, message["nonce"], private[sender], public[recipient])
            assert sealed.encode() == text
            assert tunnel.is_box(text)
    nonces = [message["nonce"] for message in test.detail["messages"][2:]]
    assert len(set(nonces)) == len(nonces)


def test_there_are_vectors_of_every_kind() -> None:
    """No kind of the chapter is without a test, neither of the good nor of the bad ones."""
    for kind in ("key", "open", "receive"):
        assert cases(kind, "valid"), kind
        assert cases(kind, "invalid"), kind
    assert cases("seal")
    assert cases("session")
