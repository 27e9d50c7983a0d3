"""JSON Schemas of messages: what a decoded message looks like, for validators and editors.

A message in JSON is described as it travels; one in octets is described as the vectors write it
down, with `{"$bin": "…"}` for octets. What may live here: the way from the neutral form to JSON
Schema, draft 2020-12.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document(form: Mapping[str, Any], message: str) -> Json:
    """Return the schema of one message of a book, given the book's neutral form."""
    needed: dict[str, None] = {message: None}
    schemas: dict[str, Json] = {}
    while waiting := [name for name in needed if name not in schemas]:
        for name in waiting:
            described = form["messages"][name]
            schemas[name] = {**_piece(described, needed), "description": described["doc"]}
    own = schemas.pop(message)
    title = f"{form['title']}: {message}"
    schema = {"$schema": DIALECT, "$id": f"{form['book']}/{message}", "title": title, **own}
    return schema | ({"$defs": schemas} if schemas else {})


def _piece(piece: Mapping[str, Any], needed: dict[str, None]) -> Json:
    match piece["type"]:
        case "message":
            needed[piece["message"]] = None
            return {"$ref": f"#/$defs/{piece['message']}"}
        case "layout":
            return _layout(piece, needed)
        case "uint" | "bits":
            return _integer(piece)
        case "magic":
            return {"const": {"$bin": piece["hex"]}}
        case "word":
            return {"enum": piece["words"]}
        case "block":
            return _piece(piece["content"], needed)
        case "until-end":
            return {"type": "array", "items": _piece(piece["items"], needed)}
        case "messagepack":
            return _value(piece["taken"] or piece["value"])
        case "json":
            return _value(piece["value"])
        case "base64":
            return _octets(piece["octets"], piece["least"])
    raise ValueError(f"a piece of type {piece['type']} has no JSON Schema")


def _layout(piece: Mapping[str, Any], needed: dict[str, None]) -> Json:
    fields = {
        field["name"]: {**_piece(field, needed), **_about(field)} for field in piece["fields"]
    }
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _octets(exactly: int | None, least: int) -> Json:
    digits = f"{{{2 * exactly}}}" if exactly else f"{{{2 * least},}}"
    octets = {"type": "string", "pattern": f"^[0-9a-f]{digits}$"}
    return {
        "type": "object",
        "properties": {"$bin": octets},
        "required": ["$bin"],
        "additionalProperties": False,
    }


def _value(shape: Mapping[str, Any]) -> Json:
    match shape["type"]:
        case "any":
            return {}
        case "nil":
            return {"type": "null"}
        case "bool":
            found: Json = {"type": "boolean"}
        case "str":
            found = {"type": "string"}
        case "int":
            found = _integer(shape)
        case "array":
            found = {"type": "array", "items": _value(shape["items"])}
        case "map":
            found = {"type": "object", "additionalProperties": _value(shape["values"])}
        case "record":
            found = _record(shape)
        case other:
            raise ValueError(f"a value of type {other} has no JSON Schema")
    return {"anyOf": [found, {"type": "null"}]} if shape.get("nullable") else found


def _integer(piece: Mapping[str, Any]) -> Json:
    if "most" in piece and piece["most"] is not None:
        return {"type": "integer", "minimum": piece["least"], "maximum": piece["most"]}
    if piece["type"] == "bits":
        return {"type": "integer", "minimum": 0, "maximum": 256 ** piece["size"] - 1}
    # One that is too large for the numbers of JSON is written in digits.
    large: Json = {"type": "object", "properties": {"$int": {"type": "string"}}}
    return {"anyOf": [{"type": "integer"}, large | {"required": ["$int"]}]}


def _record(shape: Mapping[str, Any]) -> Json:
    keys = {key["name"]: {**_value(key), **_about(key)} for key in shape["keys"]}
    others = shape["others"]
    found: Json = {
        "type": "object",
        "properties": keys,
        "required": [key["name"] for key in shape["keys"] if key["required"]],
        "additionalProperties": {**_value(others), "description": others["doc"]}
        if others
        else False,
    }
    if not shape["any_keys"]:
        return found
    # A map with other keys than str is a list of pairs.
    pairs: Json = {"type": "object", "properties": {"$map": {"type": "array"}}}
    return {"anyOf": [pairs | {"required": ["$map"]}, found]}


def _about(holder: Mapping[str, Any]) -> Json:
    """Return what is said about a field or key beside its type."""
    about: Json = {"description": holder["doc"]}
    if "default" in holder:
        about["default"] = holder["default"]
    if holder["requirements"]:
        about["$comment"] = ", ".join(holder["requirements"])
    return about
