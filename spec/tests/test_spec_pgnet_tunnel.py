"""The tunnel of PGNet: what opens, what does not, and which keys are usable."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import Box, PrivateKey

from wirebook.spec.dissection import Malformed
from wirebook.spec.pgnet import tunnel

steady = settings(deadline=None, derandomize=True)

ALICE, BOB, EVE = (bytes([number]) * 32 for number in (1, 2, 3))
ALICE_PUBLIC, BOB_PUBLIC = tunnel.public_key_of(ALICE), tunnel.public_key_of(BOB)
NONCE = bytes(range(24))

nonces = st.binary(min_size=24, max_size=24)
keys = st.binary(min_size=32, max_size=32)


@steady
@given(st.binary(max_size=200), nonces, keys, keys)
def test_what_is_sealed_opens_on_both_sides(data: bytes, nonce: bytes, a: bytes, b: bytes) -> None:
    """The two private keys open the same box, each with the other's public key."""
    text = tunnel.seal(data, nonce, a, tunnel.public_key_of(b))
    assert tunnel.open_box(text, b, tunnel.public_key_of(a)) == data
    assert tunnel.open_box(text.encode(), a, tunnel.public_key_of(b)) == data
    assert tunnel.split(text)[0] == nonce
    assert tunnel.is_box(text.encode())


def test_box_is_that_of_the_library() -> None:
    """What its own interface for boxes makes is the same text."""
    alice, bob = PrivateKey(ALICE), PrivateKey(BOB)
    theirs = base64.b64encode(Box(alice, bob.public_key).encrypt(b"hello", NONCE)).decode()
    assert tunnel.seal(b"hello", NONCE, ALICE, BOB_PUBLIC) == theirs
    assert bytes(alice.public_key) == ALICE_PUBLIC


@steady
@given(st.data())
def test_a_changed_text_does_not_open(data: st.DataObject) -> None:
    """Any other octets are no box of the sender's; what is no base64 is no box at all."""
    text = tunnel.seal(b"hello", NONCE, ALICE, BOB_PUBLIC)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(codec="utf-8")) + text[place + 1 :]
    try:
        same_octets = base64.b64decode(changed, validate=True) == base64.b64decode(text)
    except ValueError:
        same_octets = False
    if same_octets:  # the bits that padding leaves over are nobody's
        assert tunnel.open_box(changed, BOB, ALICE_PUBLIC) == b"hello"
    else:
        with pytest.raises(Malformed) as caught:
            tunnel.open_box(changed, BOB, ALICE_PUBLIC)
        assert caught.value.requirement in ("PGN-TUN-003", "PGN-TUN-004")


@pytest.mark.parametrize(
    ("private_key", "public_key"), [(EVE, ALICE_PUBLIC), (BOB, tunnel.public_key_of(EVE))]
)
def test_other_keys_do_not_open(private_key: bytes, public_key: bytes) -> None:
    """A box is for one pair of keys, and what is wrong is said without a key in it."""
    text = tunnel.seal(b"hello", NONCE, ALICE, BOB_PUBLIC)
    with pytest.raises(Malformed) as caught:
        tunnel.open_box(text, private_key, public_key)
    assert caught.value.requirement == "PGN-TUN-004"
    assert private_key.hex() not in str(caught.value)


@steady
@given(st.binary(max_size=80))
def test_arbitrary_octets_are_no_box_or_do_not_open(data: bytes) -> None:
    """No input draws another exception."""
    for octets in (data, base64.b64encode(data)):
        with pytest.raises(Malformed):
            tunnel.open_box(octets, BOB, ALICE_PUBLIC)
        assert tunnel.offered_key(octets) is None


@steady
@given(keys)
def test_keys_come_back(key: bytes) -> None:
    """A key survives being written."""
    assert tunnel.decode_key(tunnel.encode_key(key)) == key


@pytest.mark.parametrize("offered", [None, 1, b"a", "", "a", ["a"], tunnel.encode_key(bytes(32))])
def test_what_is_no_key_is_not_usable(offered: object) -> None:
    """Other types, other lengths and points that give zero are no keys."""
    assert not tunnel.usable(offered)


def test_key_is_found_in_the_messages_that_offer_it() -> None:
    """The first message of either side has the key in its payload; others have none."""
    text = tunnel.encode_key(ALICE_PUBLIC)
    offer = f'{{"message": "key_trade", "payload": {{"pubkey": "{text}"}}}}'.encode()
    assert tunnel.offered_key(offer) == ALICE_PUBLIC
    for other in (b'{"payload": {"pubkey": 1}}', b'{"payload": []}', b"[]", b"\xff", b"[" * 10**5):
        assert tunnel.offered_key(other) is None
