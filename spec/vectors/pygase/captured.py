"""Datagrams that the original packages built and read back, as vectors.

    python -m vectors.pygase.captured FOLDER [TARGET]

reads the captures `pygase-0.3.1.json` and `pygase-dev.json` in FOLDER, which are not part of the
repository, and writes `captured-0.3.1.json` and `captured-dev.json`. Each datagram becomes a test
of type `decode` and, if the book fixes every octet of it, one of type `encode` as well. A capture
that contradicts the encoder of `octets.py` is an error: every octet of it has to be explained.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vectors.files import Group, committed, write_to
from vectors.pygase import octets as o

MESSAGES = {"client-to-server": "client-package", "server-to-client": "server-package"}

# Integers with two shortest formats, unsigned and signed: the book fixes neither.
AMBIGUOUS = [range(2**8, 2**15), range(2**16, 2**31), range(2**32, 2**63)]


def convert(capture: dict[str, Any], version: str) -> list[Group]:
    """Return the groups for one version's capture."""
    decode = {name: Group("decode", f"Built by {version}.", name) for name in MESSAGES.values()}
    encode = {
        name: Group("encode", f"Built by {version}, every octet fixed by the book.", name)
        for name in MESSAGES.values()
    }
    for number, datagram in enumerate(capture["datagrams"]):
        message = MESSAGES[datagram["direction"]]
        value = _value(message, datagram)
        octets = bytes.fromhex(datagram["hex"])
        if o.package(message, value) != octets:
            raise ValueError(f"datagram {number} of {version} is not what the book says")
        requirements = " ".join(["HDR-001", *_used(value)])
        decode[message].decode(
            f"captured-{version}-{number:02}", f"DGM-005 {requirements}", octets, value
        )
        if not any(_ambiguous(scalar) for scalar in _scalars(value)):
            encode[message].encode(
                f"captured-{version}-{number:02}-encode", requirements, value, octets
            )
    return [*decode.values(), *encode.values()]


def _value(message: str, datagram: dict[str, Any]) -> dict[str, Any]:
    head = o.header_value(
        datagram["sequence"], datagram["ack"], int(datagram["ack_bitfield"], base=2)
    )
    events = o.untyped(datagram["events"])
    if message == "client-package":
        return o.client_value(*events, time_order=datagram["time_order"], head=head)
    return o.server_value(*events, state=o.untyped(datagram["update"]), head=head)


def _scalars(value: Any) -> Iterator[Any]:
    """Yield every value of the bodies that is encoded in MessagePack, keys included."""
    if isinstance(value, dict):
        members = value.items() if "header" not in value else _bodies(value).items()
        for key, item in members:
            yield from _scalars(key)
            yield from _scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    else:
        yield value


def _bodies(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key in ("update", "events")}


def _ambiguous(value: Any) -> bool:
    return isinstance(value, int) and any(value in integers for integers in AMBIGUOUS)


def _used(value: dict[str, Any]) -> list[str]:
    """Return the requirements on values that a datagram gives an example of."""
    scalars = list(_scalars(value))
    kinds = {type(scalar) for scalar in scalars}
    examples = [
        (float in kinds, "MSG-001"),
        (bytes in kinds, "MSG-004"),
        (int in kinds, "MSG-006"),
        (bool(value["events"]), "MSG-007"),
    ]
    return [requirement for shown, requirement in examples if shown]


def main() -> None:
    """Convert the captures of both versions."""
    source = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else committed("pygase")
    for version in ("0.3.1", "dev"):
        capture = json.loads((source / f"pygase-{version}.json").read_text(encoding="utf-8"))
        write_to(
            target / f"captured-{version}.json",
            "pygase",
            f"Datagrams built and read back by the original package, {capture['source']}.",
            convert(capture, version),
            origin="captured",
        )


if __name__ == "__main__":
    main()
