"""JSON Schemas made from the neutral form accept what the vectors accept."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from wirebook.spec import books, neutral, vectors
from wirebook.spec.artefacts import json_schema

MESSAGES = [(book, name) for book in books.names() for name in neutral.load(book)["messages"]]


def _validator(book: str, message: str) -> Any:
    schema = json_schema.document(neutral.load(book), message)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(("book", "message"), MESSAGES)
def test_accepts_the_values_of_the_vectors(book: str, message: str) -> None:
    """Every value that a vector decodes to, or encodes, is valid."""
    validator = _validator(book, message)
    for group in vectors.load(book):
        if group.type in ("decode", "encode") and group.message == message:
            for test in group.tests:
                if test.result != "invalid":
                    problems = list(validator.iter_errors(vectors.to_typed(test.value)))
                    assert not problems, (test.id, problems[0].message)


@pytest.mark.parametrize(
    ("book", "message", "value"),
    [
        ("pygase", "header", {"sequence": 1, "ack": 0, "ack_bitfield": 0}),
        ("pygase", "update", {"time_order": 65536}),
        ("pygase", "event", {"type": "a", "handler_args": {}, "handler_kwargs": {}}),
        ("pygase", "shutdown", {"command": "halt"}),
        ("packetmq", "handshake-init", {"content": {"id": 1, "payload": {"version": 1}}}),
        ("pgnet", "request", {"message": 5}),
        ("pgnet", "response", {"message": "", "status": 3}),
        ("pgnet", "box", {"nonce": {"$bin": "00"}, "box": {"$bin": "00" * 16}}),
    ],
)
def test_refuses_what_the_form_does_not_have(book: str, message: str, value: Any) -> None:
    """A missing field, a number out of range, another type or another constant is invalid."""
    assert not _validator(book, message).is_valid(value)
