"""The book's test vectors, run against the codec and the tunnel of the reference."""

from contextlib import suppress
from typing import Any

import pytest

from tests.helpers_vectors import vectors_of
from wirebook.reference.pgnet import codec, strict_json, tunnel
from wirebook.reference.pgnet.errors import (
    LocalProtocolError,
    Malformed,
    NotAuthentic,
    RemoteProtocolError,
)
from wirebook.reference.pgnet.tunnel import Key
from wirebook.spec.vectors import Group, Vector, to_typed

of = vectors_of("pgnet")

DEFAULTS: dict[str, dict[str, Any]] = {
    "request": {"payload": {}, "created_on": None},
    "response": {
        "payload": {},
        "status": 0,
        "created_on": None,
        "disconnecting": False,
        "game": None,
    },
}


def parse(message: str, data: bytes) -> dict[str, Any]:
    """Return what a receiver makes of octets."""
    if message == "request":
        members = codec.parse_request(data)
        del members["username"]  # which means nothing
        return members
    if message == "response":
        return codec.parse_response(data)
    octets = decoded(data)
    return {"nonce": octets[:24], "box": octets[24:]}


def decoded(data: bytes) -> bytes:
    """Return the octets of a box, or raise Malformed."""
    with suppress(NotAuthentic):  # the key is not the one of the vector
        tunnel.unseal(data.decode(), bytes(32))
    return tunnel.decode(data.decode())


def build(message: str, value: dict[str, Any]) -> bytes:
    """Return the octets that carry a value."""
    if message == "box":
        return tunnel.encode(value["nonce"] + value["box"]).encode()
    if not isinstance(value, dict):
        return strict_json.write(value).encode()
    function = {"request": codec.build_request, "response": codec.build_response}[message]
    return function({**DEFAULTS[message], **value}).encode()


def secret_of(vector: Vector) -> bytes:
    """Return the secret that the keys of a vector share."""
    public = tunnel.encode(vector.detail["public_key"])
    secret = Key(vector.detail["private_key"]).shared_with(public)
    assert secret is not None
    return secret


@of("decode")
def test_decodes(group: Group, vector: Vector) -> None:
    """The octets mean to the reference what the vector says that they mean."""
    expected = vector.detail.get("means", vector.value)
    assert to_typed(parse(group.message, vector.data)) == to_typed(expected)


@of("reject")
def test_rejects(group: Group, vector: Vector) -> None:
    """The octets are refused, for the requirement that the vector names first."""
    with pytest.raises(Malformed) as refused:
        parse(group.message, vector.data)
    assert refused.value.requirement == vector.requirements[0]
    assert refused.value.close_code == 1007


@of("encode")
def test_encodes(group: Group, vector: Vector) -> None:
    """The value is read again as what it was, or is refused if it cannot be sent."""
    if vector.result == "invalid":
        with pytest.raises(LocalProtocolError) as refused:
            build(group.message, vector.value)
        assert refused.value.requirement == vector.requirements[0]
        return
    built = build(group.message, vector.value)
    assert to_typed(parse(group.message, built)) == to_typed(parse(group.message, vector.data))


@of("crypto", kind="key")
def test_usable_keys(group: Group, vector: Vector) -> None:
    """A key is usable exactly if the vector says so."""
    usable = Key(bytes(range(32))).shared_with(vector.value) is not None
    assert usable == (vector.result == "valid")


@of("crypto", kind="seal")
def test_seals(group: Group, vector: Vector) -> None:
    """The text is the one of the vector, octet by octet."""
    sealed = tunnel.seal(vector.value, vector.detail["nonce"], secret_of(vector))
    assert sealed.encode() == vector.data


@of("crypto", kind="open")
def test_opens(group: Group, vector: Vector) -> None:
    """The box opens to what the vector says, or not at all."""
    if vector.result == "valid":
        assert tunnel.unseal(vector.data.decode(), secret_of(vector))[1] == vector.value
        return
    with pytest.raises(RemoteProtocolError) as refused:
        tunnel.unseal(vector.data.decode(), secret_of(vector))
    assert refused.value.requirement in vector.requirements
    assert refused.value.close_code in (1007, 1008)


@of("crypto", kind="receive")
def test_receives(group: Group, vector: Vector) -> None:
    """What a box opens to is treated like any message."""
    _, opened = tunnel.unseal(vector.data.decode(), secret_of(vector))
    if vector.result == "valid":
        members = parse(vector.detail["read_as"], opened)
        known = {name: value for name, value in vector.value.items() if name in members}
        assert to_typed(members | known) == to_typed(members)
        return
    with pytest.raises(Malformed):
        parse(vector.detail["read_as"], opened)


@of("transcript", kind="session")
def test_session_transcript(group: Group, vector: Vector) -> None:
    """Each message opens, decodes, encodes and seals to the same octets."""
    server = Key(vector.detail["server_private_key"])
    client = Key(vector.detail["client_private_key"])
    secret = server.shared_with(client.pubkey)
    assert secret is not None
    assert secret == client.shared_with(server.pubkey)
    for message in vector.detail["messages"]:
        clear = text = message["text"]
        if "nonce" in message:
            nonce, clear = tunnel.unseal(text.decode(), secret)
            assert nonce == message["nonce"]
            assert tunnel.seal(clear, nonce, secret).encode() == text
        kind = {"client": "request", "server": "response"}[message["from"]]
        assert parse(kind, build(kind, message["value"])) == parse(kind, clear)
