"""Schemas in neutral form: `wire.json`, which every artefact is made from.

`document(book)` describes the messages of a book as plain JSON: their fields with sizes, types,
ranges, docs and requirements. Tables, strategies, scapy layers and dissectors read this and never
the schemas, so they cannot disagree. What may live here: the translation, and the writer of the
committed file. Run `python -m wirebook.spec.neutral --write` after a schema has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from construct import Construct

from wirebook.spec import books, dialect, dialect_text, json_text, messagepack, shapes
from wirebook.spec.checks import Rules

Json = dict[str, Any]

VERSION = 1
"""Of the form; a reader refuses one that it does not know."""


def document(book: str) -> Json:
    """Return the neutral form of a book, made from its schemas."""
    opened = books.get(book)
    parts = {id(message.subcon): name for name, message in opened.messages.items()}
    return {
        "version": VERSION,
        "book": opened.name,
        "title": opened.title,
        "carrier": opened.info.carrier,
        "byte_order": "big",
        "messages": {
            name: _message(message, _Names(parts, name))
            for name, message in opened.messages.items()
        },
    }


@cache
def load(book: str) -> Json:
    """Return the neutral form of a book from its committed file; not to be changed."""
    loaded: Json = json.loads(path_of(book).read_text(encoding="utf-8"))
    return loaded


def path_of(book: str) -> Path:
    """Return the path of the committed file."""
    return Path(__file__).parent / book / "wire.json"


def text_of(book: str) -> str:
    """Return what the committed file has to contain."""
    return json.dumps(document(book), indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the committed files of all books, or write them."""
    parser = argparse.ArgumentParser(prog="python -m wirebook.spec.neutral", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the files that are not current")
    write = parser.parse_args(arguments).write
    stale = [book for book in books.names() if not _current(book)]
    for book in stale:
        if write:
            write_atomically(path_of(book), text_of(book))
        print(f"{path_of(book)}: {'written' if write else 'not current, run with --write'}")
    return 1 if stale and not write else 0


def write_atomically(path: Path, text: str) -> None:
    """Replace the file in one step, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _current(book: str) -> bool:
    path = path_of(book)
    return path.is_file() and path.read_text(encoding="utf-8") == text_of(book)


class _Names:
    """Names of the pieces that are described on their own, except the one being described."""

    def __init__(self, parts: dict[int, str], own: str) -> None:
        self._parts = parts
        self._own = own

    def of(self, piece: object) -> str | None:
        name = self._parts.get(id(piece))
        return None if name == self._own else name


def _message(message: dialect.Message, names: _Names) -> Json:
    content = _piece(message.subcon, names)
    inside = content.pop("requirements", [])
    return {
        "doc": message.doc,
        "datagram": message.datagram,
        "least": message.least,
        "most": message.most,
        "requirements": list(dict.fromkeys([*_cited(message.rules), *inside])),
        **_rules(message.rules, "own_rules"),
        **content,
    }


def _piece(piece: Construct, names: _Names) -> Json:
    if name := names.of(piece):
        return {"type": "message", "message": name}
    match piece:
        case dialect.Layout():
            fields = [_field(field, names) for field in piece.subcons]
            return {"type": "layout", **_rules(piece.rules), "fields": fields}
        case dialect.Uint():
            kind = "bits" if isinstance(piece, dialect.Bits) else "uint"
            return {"type": kind, "size": piece.size, "least": piece.least, "most": piece.most}
        case dialect.Magic():
            return {"type": "magic", "size": piece.size, "hex": piece.octets.hex()}
        case dialect.Word():
            return {"type": "word", "words": list(piece.words)}
        case dialect.Block():
            prefix = {"size": piece.prefix.size, "doc": piece.doc}
            prefix |= {"least": piece.least, "most": piece.most}
            return {"type": "block", "length": prefix, "content": _piece(piece.subcon, names)}
        case dialect.UntilEof():
            return {"type": "until-end", "items": _piece(piece.subcon, names)}
        case dialect.MessagePack():
            return {
                "type": "messagepack",
                "depth": messagepack.DEPTH_LIMIT,
                "profile": asdict(piece.profile),
                "requirements": _cited(piece.rules, list(piece.sent_rules.values())),
                **_rules(piece.rules),
                "value": _shape(piece.sent),
                "taken": None if piece.sent is piece.shape else _shape(piece.shape),
            }
        case dialect_text.JsonText():
            return {
                "type": "json",
                "depth": json_text.DEPTH_LIMIT,
                "requirements": _cited(piece.rules, list(piece.sent_rules.values())),
                **_rules(piece.rules),
                "value": _shape(piece.shape),
            }
        case dialect_text.Base64():
            inside = {"octets": piece.octets, "least": piece.least}
            return {"type": "base64", "size": piece.size, **inside}
    raise TypeError(f"{type(piece).__name__} has no neutral form")


def _field(field: dialect.Field, names: _Names) -> Json:
    return {
        "name": field.name,
        "doc": field.docs,
        "requirements": _cited(field.rules, field.cites),
        **_rules(field.rules, "own_rules"),
        **_piece(field.subcon, names),
    }


def _shape(shape: shapes.Shape) -> Json:
    match shape:
        case shapes.Any():
            return {"type": "any"}
        case shapes.Nil():
            return {"type": "nil"}
        case shapes.Bool():
            return {"type": "bool"}
        case shapes.Str():
            return {"type": "str"}
        case shapes.Int():
            return {"type": "int", "least": shape.least, "most": shape.most}
        case shapes.Nullable():
            return {**_shape(shape.shape), "nullable": True}
        case shapes.Array():
            return {"type": "array", "items": _shape(shape.items)}
        case shapes.Map():
            return {"type": "map", "keys": {"type": "str"}, "values": _shape(shape.values)}
        case shapes.Record():
            others, ignored = shape.others, shape.ignores_others
            return {
                "type": "record",
                "keys": [_key(key) for key in shape.keys],
                "any_keys": shape.any_keys,
                "others": others
                and {"doc": shape.others_doc, "ignored": ignored, **_shape(others)},
            }
    raise TypeError(f"{type(shape).__name__} has no neutral form")


def _key(key: shapes.Key) -> Json:
    return {
        "name": key.name,
        "required": key.required,
        **({"default": key.default[0]} if key.default else {}),
        "doc": key.doc,
        "requirements": _cited(key.rules, key.cites),
        **_rules(key.rules),
        **_shape(key.shape),
    }


def _rules(rules: Rules, name: str = "rules") -> Json:
    """Return which requirement each check of a receiver serves; nothing if there is no rule.

    A message and a field have rules of their own beside those of their piece, which come first.
    """
    return {name: {check.name: rule for check, rule in rules.items()}} if rules else {}


def _cited(rules: Rules, cites: Sequence[str] = ()) -> list[str]:
    """Return each requirement once, those that checks serve first."""
    return list(dict.fromkeys([*rules.values(), *cites]))


if __name__ == "__main__":
    sys.exit(main())
