"""Kaitai Struct: the framing of a message as a `.ksy` file, for parsers in a dozen languages.

Kaitai knows octets, and neither MessagePack nor JSON nor base64: what is inside of a body stays as
it is. What may live here: the way from the neutral form to Kaitai's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_LICENCE = "MIT"


def document(form: Mapping[str, Any], message: str) -> str:
    """Return the `.ksy` file of one message of a book, given the book's neutral form.

    It is JSON, which is YAML as well.
    """
    types = _Types(form)
    described = form["messages"][message]
    whole: Json = {
        "meta": {
            "id": _name(f"{form['book']}_{message}"),
            "title": f"{form['title']}: {message}",
            "license": _LICENCE,
            "endian": "be",
        },
        "doc": described["doc"],
        **types.body(described, message),
    }
    types.resolve()
    if types.found:
        whole["types"] = types.found
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


class _Types:
    """The types that a file needs beside that of the message itself."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        self.found: dict[str, Json] = {}
        self._messages = form["messages"]
        self._needed: dict[str, None] = {}

    def resolve(self) -> None:
        """Describe the other messages that are referred to."""
        while waiting := [name for name in self._needed if _name(name) not in self.found]:
            for name in waiting:
                described = self._messages[name]
                self.found[_name(name)] = {
                    "doc": described["doc"],
                    **self.body(described, name),
                }

    def body(self, piece: Mapping[str, Any], name: str) -> Json:
        """Return the sequence of what a message or a layout consists of."""
        if piece["type"] == "layout":
            fields = (self._field(field, name) for field in piece["fields"])
            return {"seq": [item for field in fields for item in field]}
        return {"seq": self._field({**piece, "name": "content", "requirements": []}, name)}

    def _field(self, field: Mapping[str, Any], holder: str) -> list[Json]:
        name = _name(field["name"])
        about = {"id": name, "doc": field["doc"]}
        if field["requirements"]:
            about["doc-ref"] = ", ".join(field["requirements"])
        match field["type"]:
            case "message":
                self._needed[field["message"]] = None
                return [about | {"type": _name(field["message"])}]
            case "uint" | "bits":
                return [about | {"type": f"u{field['size']}"} | _valid(field)]
            case "magic":
                return [about | {"contents": list(bytes.fromhex(field["hex"]))}]
            case "word":
                words = {"any-of": [json.dumps(word) for word in field["words"]]}
                return [about | _text("ASCII") | {"valid": words}]
            case "base64":
                size = {"size": field["size"]} if field["size"] else {"size-eos": True}
                return [about | {"type": "str", "encoding": "ASCII"} | size]
            case "json":
                return [about | _text("UTF-8")]
            case "messagepack":
                return [about | {"size-eos": True}]
            case "block":
                return self._block(field, about, holder)
            case "until-end":
                return [self._entries(field, about, holder)]
        raise ValueError(f"a piece of type {field['type']} has no form in Kaitai")

    def _block(self, field: Mapping[str, Any], about: Json, holder: str) -> list[Json]:
        length, name = field["length"], about["id"]
        size: Json = {"id": f"len_{name}", "doc": length["doc"], "type": f"u{length['size']}"}
        content = about | {"size": f"len_{name}"}
        if kind := self._inside(field["content"], f"{holder}_{name}"):
            content["type"] = kind
        return [size | _valid({**length, "type": "uint"}), content]

    def _entries(self, field: Mapping[str, Any], about: Json, holder: str) -> Json:
        kind = f"{_name(holder)}_{about['id']}"
        entry = {**field["items"], "name": "entry", "doc": "One entry.", "requirements": []}
        self.found[kind] = {"seq": self._field(entry, kind)}
        return about | {"type": kind, "repeat": "eos"}

    def _inside(self, piece: Mapping[str, Any], name: str) -> str:
        """Return the name of the type of what a length stands in front of; "" for octets."""
        if piece["type"] == "message":
            self._needed[piece["message"]] = None
            return _name(piece["message"])
        if piece["type"] == "messagepack":
            return ""
        kind = _name(name)
        self.found[kind] = self.body(piece, kind)
        return kind


def _valid(field: Mapping[str, Any]) -> Json:
    """Return the range of an integer, if it is not just that of its size."""
    if field["type"] == "bits":
        return {}
    whole = 256 ** field["size"] - 1
    limits = {}
    if field["least"] > 0:
        limits["min"] = field["least"]
    if field["most"] < whole:
        limits["max"] = field["most"]
    return {"valid": limits} if limits else {}


def _text(encoding: str) -> Json:
    return {"type": "str", "encoding": encoding, "size-eos": True}


def _name(name: str) -> str:
    """Return a name as Kaitai wants it."""
    return name.replace("-", "_")
