"""The tunnel: boxes against the schema, and the memory for nonces."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_pgnet import RANDOM
from wirebook.reference.pgnet.errors import Malformed, NotAuthentic, RemoteProtocolError
from wirebook.reference.pgnet.tunnel import EveryNonce, Key, RecentNonces, Tunnel, decode, unseal
from wirebook.spec import dissection
from wirebook.spec.pgnet import tunnel as book

ALICE, BOB = bytes(range(1, 33)), bytes(range(2, 34))
SECRET = Key(ALICE).shared_with(Key(BOB).pubkey)
assert SECRET is not None


def tunnels() -> tuple[Tunnel, Tunnel]:
    """Return both ends of a tunnel."""
    assert SECRET is not None
    return Tunnel(SECRET, RANDOM), Tunnel(SECRET, RANDOM)


@given(data=st.binary(max_size=60), nonce=st.binary(min_size=24, max_size=24))
def test_boxes_are_the_ones_of_the_book(data: bytes, nonce: bytes) -> None:
    """What the book's functions seal opens here."""
    sealed = book.seal(data, nonce, ALICE, book.public_key_of(BOB))
    assert SECRET is not None
    assert unseal(sealed, SECRET) == (nonce, data)


@given(
    text=st.text(alphabet="AQgw+/=-_ \n\0é", max_size=60)
    | st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode())
)
def test_what_is_no_box_is_refused_alike(text: str) -> None:
    """Texts are refused by both for the same reason."""
    assert SECRET is not None
    with pytest.raises(RemoteProtocolError) as ours:
        unseal(text, SECRET)
    with pytest.raises(dissection.Malformed) as theirs:
        book.open_box(text.encode(), BOB, book.public_key_of(ALICE))
    assert ours.value.requirement == theirs.value.requirement


@given(text=st.text(alphabet="AQgw+/=- ", max_size=46))
def test_keys_are_usable_alike(text: str) -> None:
    """A text is a usable key to both or to none."""
    assert (Key(ALICE).shared_with(text) is not None) == book.usable(text)


@pytest.mark.parametrize("key", [None, 1, [], "", "A" * 43 + "=", "AQ" + "A" * 41 + "="])
def test_what_is_no_key(key: object) -> None:
    """Other types, and the points for which there is no secret, are not usable."""
    assert Key(ALICE).shared_with(key) is None
    assert not book.usable(key)


def test_nonces_are_never_the_same() -> None:
    """Each box has another nonce, in both directions."""
    ours, theirs = tunnels()
    nonces = {decode(side.seal("x"))[:24] for _ in range(500) for side in (ours, theirs)}
    assert len(nonces) == 1000


def test_replays_are_refused() -> None:
    """A box opens once, and a box of one's own not at all."""
    ours, theirs = tunnels()
    box = ours.seal("hello")
    assert theirs.open(box) == b"hello"
    for side in (ours, theirs):
        with pytest.raises(NotAuthentic) as refused:
            side.open(box)
        assert (refused.value.requirement, refused.value.close_code) == ("PGN-TUN-005", 1008)


def test_broken_boxes_are_not_remembered() -> None:
    """A box that does not open does not keep the one with its nonce from opening."""
    ours, theirs = tunnels()
    octets = bytearray(base64.b64decode(box := ours.seal("hello")))
    octets[-1] ^= 1
    with pytest.raises(NotAuthentic):
        theirs.open(base64.b64encode(octets).decode())
    assert theirs.open(box) == b"hello"


def test_logins_are_remembered_for_good() -> None:
    """The same box is refused on a connection that does not remember it, if it was a login."""
    ours, theirs = tunnels()
    before = EveryNonce()
    box = ours.seal("hello")
    theirs.open(box, before)
    with pytest.raises(NotAuthentic) as refused:
        tunnels()[1].open(box, before)
    assert refused.value.requirement == "PGN-TUN-006"
    assert tunnels()[1].open(box) == b"hello"


def test_memory_reaches_far_enough() -> None:
    """The last 32 768 nonces of a peer are known, and the memory does not grow without end."""
    memory = RecentNonces()
    nonces = [number.to_bytes(24, "big") for number in range(3 * RecentNonces.SPAN)]
    assert all(memory.add(nonce) for nonce in nonces)
    assert not any(memory.add(nonce) for nonce in nonces[-RecentNonces.SPAN :])
    assert memory.add(nonces[0])


@given(nonces=st.lists(st.binary(min_size=24, max_size=24), max_size=50))
def test_sets_of_nonces_are_sets(nonces: list[bytes]) -> None:
    """A nonce is new exactly once, however the buckets fill."""
    memory, model = EveryNonce(buckets=2), set[bytes]()
    for nonce in nonces:
        assert memory.add(nonce) == (nonce not in model)
        model.add(nonce)
    assert len(memory) == len(model)
    assert all(nonce in memory for nonce in nonces)


def test_not_base64_is_malformed() -> None:
    """Two kinds of violation, two close codes."""
    with pytest.raises(Malformed) as refused:
        tunnels()[0].open('{"message": "in clear"}')
    assert (refused.value.requirement, refused.value.close_code) == ("PGN-TUN-003", 1007)
