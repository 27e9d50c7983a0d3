"""The Wireshark dissector of a book: one Lua file that is put into the folder of plugins.

It is the neutral form as a table, in front of a runtime that is the same for every book,
`dissector.lua` beside this module. What may live here: the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_RUNTIME = Path(__file__).with_name("dissector.lua")
_WANTED = {
    *("type", "fields", "name", "size", "least", "most", "hex", "words", "length", "content"),
    *("items", "message", "value", "taken", "octets", "depth", "profile", "nullable", "keys"),
    *("values", "others", "required", "any_keys", "ignored", "doc"),
    *("extensions", "bin_as_text", "scalars_deep"),
}
"""The members of the neutral form that the runtime reads."""


def document(form: Mapping[str, Any]) -> str:
    """Return the Lua file of a book, given its neutral form."""
    messages = [
        {"name": name, "datagram": message["datagram"], "form": _lean(message)}
        for name, message in form["messages"].items()
    ]
    table = {"name": form["book"], "title": form["title"], "carrier": form["carrier"]}
    heading = f"-- Wireshark dissector for {form['title']}, made from its schemas. MIT licence.\n"
    return f"{heading}local BOOK = {_lua(table | {'messages': messages})}\n\n{_RUNTIME.read_text()}"


def _lean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lean(item) for key, item in value.items() if key in _WANTED}
    return [_lean(item) for item in value] if isinstance(value, list) else value


def _lua(value: Any) -> str:
    """Return a value as Lua has it; in a table, nothing is left out, and so stands for None."""
    match value:
        case None:
            return "nil"
        case bool() | int():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"{{{', '.join(map(_lua, value))}}}"
        case dict():
            items = (f"[{_lua(k)}] = {_lua(v)}" for k, v in value.items() if v is not None)
            return f"{{{', '.join(items)}}}"
    raise TypeError(f"{type(value).__name__} has no form in Lua")
