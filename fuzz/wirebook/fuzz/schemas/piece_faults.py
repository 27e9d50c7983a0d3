"""What can be wrong with the pieces of a message: lengths, constants, ends. Bodies have their own.

What may live here: the faults of everything around the values.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.drawing import drawn, zeros
from wirebook.fuzz.schemas.faults import HUGE, Break, Fault, chosen, cut, exact, followed, made, raw
from wirebook.fuzz.schemas.filling import Grown
from wirebook.fuzz.schemas.nodes import (
    ITEM,
    Base64,
    Block,
    Magic,
    Message,
    Node,
    Uint,
    UntilEnd,
    Word,
)
from wirebook.fuzz.schemas.trees import Cut, Raw, Sized, Tree, Wrapped
from wirebook.fuzz.schemas.writing import octets_of


def faults_of(part: Node, grown: Grown) -> Iterator[Fault]:
    """Yield the faults that a piece of a message can have."""
    match part:
        case Message():
            yield from _of_message(part, grown)
            return
        case Uint():
            yield from _of_integer(part)
        case Magic():
            yield Fault("other-constant", part, part, _other_constant, True)
        case Word():
            yield Fault("other-word", part, part, _other_word(part), True)
        case Base64():
            yield from _of_base64(part)
        case Block():
            yield from _of_length(part)
        case UntilEnd():
            yield from _of_entries(part)
        case _:
            return
    movable = isinstance(part, Word | UntilEnd) or (isinstance(part, Base64) and not part.octets)
    certain = not movable and not (ITEM in part.path and not isinstance(part, Block))
    yield Fault("truncated", part, part, cut(whole=True), certain)
    yield Fault("missing-field", part, part, raw([b""]), False)


def _of_message(message: Message, grown: Grown) -> Iterator[Fault]:
    whole, ends, least, most = message.content, exact(message), message.least, message.most

    def doubled(value: Any, dice: Dice) -> Tree:
        return Raw(octets_of(message, value) * (2 + dice.pick(2)))

    def noise(_: Any, dice: Dice) -> Tree:
        return Raw(dice.octets(dice.pick(65)))

    yield Fault("empty", message, whole, raw([b""]), _needed(message) > 0)
    yield Fault("truncated", message, whole, cut(whole=True), ends)
    yield Fault("trailing", message, whole, followed(_TRAILING), ends)
    yield Fault("doubled", message, whole, doubled, ends)
    yield Fault("noise", message, whole, noise, False)
    if least:

        def short(value: Any, dice: Dice) -> Tree:
            return Raw(octets_of(message, value)[: least - 1 - dice.pick(least)])

        yield Fault("undersize", message, whole, short, True)
    if most is not None:

        def large(value: Any) -> Tree:
            larger = grown.beyond(message)
            if larger is None:
                octets = octets_of(message, value)
                larger = Raw(octets + bytes(most + 1 - len(octets)))
            return larger

        yield Fault("oversize", message, whole, made(large), True, _if_huge(most))


def _of_integer(part: Uint) -> Iterator[Fault]:
    highest = 256**part.size - 1
    if part.least > 0:
        yield Fault("below-least", part, part, chosen((part.least - 1, 0)), True)
    if part.most < highest:
        yield Fault("above-most", part, part, chosen((part.most + 1, highest)), True)
    if part.size > 1:

        def swapped(value: int) -> Tree:
            return Raw(value.to_bytes(part.size, "little"))

        yield Fault("byte-order", part, part, made(swapped), False)


def _of_base64(part: Base64) -> Iterator[Fault]:
    yield Fault("not-base64", part, part, _not_base64, True)
    if part.octets is None:
        yield Fault("no-padding", part, part, made(_without_padding), True)
        yield Fault("loose-bits", part, part, made(_with_loose_bits), False)
        if part.least:

            def few(value: bytes, dice: Dice) -> Tree:
                return value[: part.least - 1 - dice.pick(part.least)]

            yield Fault("too-few", part, part, few, True)
    else:
        same = -(-part.octets // 3) == -(-(part.octets - 1) // 3)
        yield Fault("too-few", part, part, made(lambda value: value[:-1]), same)
        yield Fault("too-many", part, part, made(lambda value: value + b"\0"), False)


def _of_length(block: Block) -> Iterator[Fault]:
    length, ends = block.length, exact(block.content)
    highest = 256**length.size - 1

    def told(name: str, certain: bool, claim: Callable[[int], int]) -> Fault:
        return Fault(name, length, block, made(lambda value: Sized(value, claim)), certain)

    def swapped(size: int) -> int:
        little = int.from_bytes(size.to_bytes(length.size), "little")
        return little if little != size else size + 1

    yield told("length-1", ends, lambda size: size - 1)
    yield told("length+1", ends, lambda size: size + 1)
    yield told("length-zero", _needed(block.content) > 0, lambda _: 0)
    yield told("length-huge", True, lambda _: highest)
    if length.size > 1:
        yield told("length-byte-order", ends, swapped)
    if length.least:
        yield told("length-below-least", True, lambda _: length.least - 1)
    if length.most < highest:
        larger = bytes(length.most + 1)
        size = _if_huge(length.most)
        behind = made(lambda value: Wrapped(value, after=larger))
        yield told("length-above-most", True, lambda _: length.most + 1)
        yield Fault("content-above-most", length, block.content, behind, True, size)
    inside = made(lambda value: Cut(value, 0, whole=True))
    yield Fault("truncated", length, block, inside, length.size > 1)


def _of_entries(part: UntilEnd) -> Iterator[Fault]:
    if not isinstance(part.items, Block):
        return
    size = part.items.length.size
    if size > 1:
        yield Fault("partial-item", part, part, followed([bytes(size - 1), b"\xff"]), True)
    needed = _needed(part.items.content) > 0
    yield Fault("empty-item", part, part, followed([bytes(size)]), needed)


def _if_huge(size: int) -> int:
    return size if size >= HUGE else 0


def _needed(node: Node) -> int:
    """Return the octets of the smallest value of a node."""
    return len(octets_of(node, drawn(node, zeros())))


def _other_constant(value: bytes, dice: Dice) -> Tree:
    at, bit = dice.pick(len(value)), 1 << dice.pick(8)
    flipped = value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]
    other = dice.choose((flipped, bytes(len(value)), value[::-1]))
    return Raw(other if other != value else flipped)


def _other_word(part: Word) -> Break:
    known = {word.encode() for word in part.words}

    def make(value: str, dice: Dice) -> Tree:
        word = value.encode()
        told = [word[:-1], word.upper(), word.title(), word + b"\n", word + b"\0", b" " + word,
                b'"' + word + b'"', word + word, b"\xef\xbb\xbf" + word, word[1:]]  # fmt: skip
        return Raw(dice.choose([other for other in told if other not in known]))

    return make


def _not_base64(value: bytes, dice: Dice) -> Tree:
    text = base64.b64encode(value)
    at = dice.pick(len(text))
    return Raw(text[:at] + dice.choose(_NOT_BASE64) + text[at + 1 :])


def _without_padding(value: bytes) -> Tree:
    padded = value if len(value) % 3 else value + b"\0"
    return Raw(base64.b64encode(padded).rstrip(b"="))


def _with_loose_bits(value: bytes) -> Tree:
    text = base64.b64encode(value + bytes((1 - len(value)) % 3))
    return Raw(text[:-3] + b"/==")


_TRAILING = [b"\0", b"\xff", b"\x00\x00\x00\x00", b"x", b"\xc1", b"{}"]
_NOT_BASE64 = [b"-", b"_", b" ", b"\n", b"\0", b"!", b"\xc3\xa9", b"*", b"\xff", b".", b"=="]
