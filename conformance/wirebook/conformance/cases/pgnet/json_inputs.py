"""What is no message, as octets: JSON that is none, or that the profile of the book excludes.

Written by hand, without the schema, so that it says what the book says and not what we read into
it. What may live here: inputs that both roles are given, each with its requirement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DEPTH_MOST = 32
_OPENED = 2
"""The depth at which a value of the payload stands: the message is 1 deep, its payload 2."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message of which one value, a member of its payload, is still to be filled in."""

    before: str
    after: str

    def with_value(self, text: str) -> str:
        """Return the message with this JSON text for the value."""
        return f"{self.before}{text}{self.after}"

    @property
    def good(self) -> str:
        """A message that is as it should be."""
        return self.with_value('"v"')


@dataclass(frozen=True, slots=True)
class JsonInput:
    """Octets that are a violation with close code 1007, or that have to be accepted."""

    name: str
    octets: bytes
    requirement: str


REQUEST = Frame('{"message": "hello", "payload": {"k": ', "}}")
RESPONSE = Frame('{"message": "hello", "status": 0, "payload": {"k": ', "}}")


def breaches(frame: Frame) -> Iterator[JsonInput]:
    """Yield what a receiver has to treat as a violation."""
    good = frame.good
    for name, text in {
        "empty": "",
        "a-word": "hello",
        "cut-off": good[:-1],
        "twice": good + good,
        "with-something-behind": good + " x",
        "with-a-nul-behind": good + "\0",
        "trailing-comma": good[:-1] + ",}",
        "single-quotes": good.replace('"', "'"),
        "comment": "/* hello */" + good,
        "bare-key": good.replace('"message"', "message"),
        "nan": frame.with_value("NaN"),
        "infinity": frame.with_value("Infinity"),
        "minus-infinity": frame.with_value("-Infinity"),
        "python-none": frame.with_value("None"),
        "capital-true": frame.with_value("True"),
        "leading-zero": frame.with_value("01"),
        "leading-plus": frame.with_value("+1"),
        "hexadecimal": frame.with_value("0x1"),
        "no-digits-behind-the-point": frame.with_value("1."),
        "no-digits-before-the-point": frame.with_value(".5"),
        "no-digits-of-the-exponent": frame.with_value("1e"),
        "bare-control-character": frame.with_value('"a\nb"'),
        "unknown-escape": frame.with_value(r'"\x41"'),
        "cut-off-escape": frame.with_value(r'"\u00"'),
        "unclosed-array": frame.with_value("[1, 2"),
        "two-values": frame.with_value("1 2"),
        "non-breaking-space": frame.with_value("\u00a01"),
    }.items():
        yield JsonInput(name, text.encode(), "PGN-JSN-002")
    for name, text in {
        "array": f"[{good}]",
        "string": '"hello"',
        "number": "1",
        "true": "true",
        "null": "null",
    }.items():
        yield JsonInput(f"message-is-{name}", text.encode(), "PGN-JSN-003")
    for name, text in {
        "twice-message": good[:-1] + ', "message": "hello"}',
        "twice-unknown": good[:-1] + ', "x": 1, "x": 1}',
        "twice-in-payload": frame.with_value('1, "k": 1'),
        "twice-deeper": frame.with_value('[{"a": 1, "b": 2, "a": 1}]'),
        "twice-by-escape": frame.with_value(r'{"a": 1, "\u0061": 2}'),
    }.items():
        yield JsonInput(name, text.encode(), "PGN-JSN-004")
    for name, text in {
        "high": r'"\ud83d"',
        "low": r'"\ude00"',
        "swapped": r'"\ude00\ud83d"',
        "high-then-letter": r'"\ud83dx"',
        "in-a-key": r'{"\ud83d": 1}',
    }.items():
        yield JsonInput(f"surrogate-{name}", frame.with_value(text).encode(), "PGN-JSN-005")
    for name, text in {
        "exponent": "1e309",
        "negative": "-1e309",
        "fraction": "179769313486231580793e289",
        "integer": "1" + "0" * 309,
        "very-long-integer": "9" * 5000,
    }.items():
        yield JsonInput(f"huge-{name}", frame.with_value(text).encode(), "PGN-JSN-006")
    for name, depth in {"by-one": DEPTH_MOST + 1, "by-far": 100_000}.items():
        for kind, text in _nested(depth - _OPENED):
            octets = frame.with_value(text).encode()
            yield JsonInput(f"too-deep-{name}-in-{kind}", octets, "PGN-JSN-008")


def accepted(frame: Frame) -> Iterator[JsonInput]:
    """Yield what a receiver has to accept."""
    good = frame.good
    for name, text in {
        "white-space": f"\t\r\n {good} \n",
        "no-white-space": good.replace(" ", ""),
        "other-order": '{"payload": {}, "message": "hello"}',
        "escaped-member": good.replace('"message"', r'"m\u0065ssage"'),
        "surrogate-pair": frame.with_value(r'"\ud83d\ude00"'),
        "beyond-ascii": frame.with_value('"名前 😀"'),
        "nul-escaped": frame.with_value(r'"\u0000"'),
        "large-integer": frame.with_value("12345678901234567890"),
        "largest-number": frame.with_value("1.7976931348623157e308"),
        "smallest-number": frame.with_value("1e-400"),
        "minus-zero": frame.with_value("-0"),
        "exponent": frame.with_value("1E+2"),
        "null": frame.with_value("null"),
        "empty-key": frame.with_value('{"": 1}'),
        "like-members-apart": frame.with_value('[{"a": 1}, {"a": 1}]'),
    }.items():
        yield JsonInput(name, text.encode(), "PGN-JSN-002")
    for kind, text in _nested(DEPTH_MOST - _OPENED):
        yield JsonInput(f"deep-{kind}", frame.with_value(text).encode(), "PGN-JSN-007")


def _nested(depth: int) -> Iterator[tuple[str, str]]:
    """Yield a value that is nested so deep, of arrays and of objects."""
    yield "arrays", "[" * depth + "]" * depth
    yield "objects", '{"a": ' * (depth - 1) + "{}" + "}" * (depth - 1)
