"""Messages written octet by octet, valid or not: the encoder that the faults need.

It shares nothing with the schemas and the codecs, so what it writes tests them. What may live here:
pieces and trees to octets.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wirebook.fuzz.schemas import json_text, messagepack
from wirebook.fuzz.schemas.nodes import (
    Base64,
    Block,
    Body,
    Layout,
    Magic,
    Message,
    Node,
    Notation,
    Uint,
    UntilEnd,
    Word,
)
from wirebook.fuzz.schemas.trees import Cut, Pick, Raw, Sized, Tree, Wrapped


class TooLarge(ValueError):
    """A value does not fit into its message or its block."""


def octets_of(node: Node, tree: Tree, *, pick: Pick | None = None, strict: bool = False) -> bytes:
    """Return the octets of a tree.

    With a `pick`, in any encoding that a receiver has to accept; `strict` raises TooLarge for what
    does not fit.
    """
    writer = _Writer(pick, strict)
    writer.write(node, tree)
    return writer.octets()


def value_octets(notation: Notation, tree: Tree) -> bytes:
    """Return the octets of a value inside of a body."""
    writer = _Writer(None, False)
    writer.value(notation, tree)
    return writer.octets()


@dataclass
class _Writer:
    pick: Pick | None
    strict: bool
    out: bytearray = field(default_factory=bytearray)
    end: int | None = None
    """Where the message ends early."""
    stop: int | None = None
    """Where the innermost block does."""

    def octets(self) -> bytes:
        ends = [end for end in (self.end, self.stop) if end is not None]
        return bytes(self.out[: min(ends)]) if ends else bytes(self.out)

    def write(self, node: Node, tree: Tree) -> None:
        """Write a piece."""
        if self._special(self.out, tree, lambda value: self.write(node, value)):
            return
        match node:
            case Message():
                self.write(node.content, tree)
                if self.strict and node.most is not None and len(self.out) > node.most:
                    raise TooLarge
            case Layout():
                for name, inner in node.fields.items():
                    self.write(inner, tree[name])
            case Uint():
                self.out += (tree % 256**node.size).to_bytes(node.size)
            case Magic():
                self.out += tree
            case Word():
                self.out += tree.encode()
            case Base64():
                self.out += base64.b64encode(tree)
            case UntilEnd():
                for item in tree:
                    self.write(node.items, item)
            case Block():
                self._block(node, tree)
            case Body():
                self.value(node.notation, tree)
            case _:
                raise TypeError(f"a {type(node).__name__} is no piece")

    def value(self, notation: Notation, tree: Tree) -> None:
        """Write a value inside of a body."""
        if notation.json:
            json_text.Writer(self.out, self.pick, self._special).write(tree)
        else:
            messagepack.Writer(self.out, notation, self.pick, self._special).write(tree)

    def _block(self, node: Block, tree: Tree) -> None:
        sized = tree if isinstance(tree, Sized) else Sized(tree)
        size, at = node.length.size, len(self.out)
        self.out += bytes(size)
        self.write(node.content, sized.content)
        if self.stop is not None:
            del self.out[max(self.stop, at + size) :]
            self.stop = None
        length = len(self.out) - at - size
        if self.strict and length > node.length.most:
            raise TooLarge
        told = sized.claim(length) if sized.claim else length
        told = min(max(told, 0), 256**size - 1)
        self.out[at : at + size] = told.to_bytes(size)

    def _special(self, out: bytearray, tree: Any, write: Callable[[Any], None]) -> bool:
        match tree:
            case Raw():
                out += tree.octets
            case Wrapped():
                out += tree.before
                write(tree.value)
                out += tree.after
            case Cut():
                start = len(out)
                write(tree.value)
                length = len(out) - start
                at = start + min(max(1, length * tree.share // 256), max(0, length - 1))
                if tree.whole:
                    self.end = at
                else:
                    self.stop = at
            case _:
                return False
        return True
