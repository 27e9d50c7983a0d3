"""JSON as the books restrict it, read token by token so that every octet has an owner.

Strings are decoded and everything is encoded by the json module; what is added here is where each
value stands, and the checks that the module leaves to its callers: it takes NaN, the same member
twice, unpaired surrogates, numbers beyond any limit and any depth. Which requirement each of them
serves is said by a book's schemas. What may live here: the reader, the writer and their checks; no
shapes of messages.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from enum import Enum, auto

from wirebook.spec.checks import Breach, Check

DEPTH_LIMIT = 32
"""How deep objects and arrays may be nested; a value without any has depth 0."""

_SPACE = re.compile(rb"[ \t\n\r]*")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*+"')
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][-+]?[0-9]+)?")
_WORD = re.compile(rb"[A-Za-z]+")
_WORDS = {b"true": True, b"false": False, b"null": None}

Keys = tuple[object, ...]


class Part(Enum):
    """What a run of octets is to the value that it belongs to."""

    VALUE = auto()
    """A string, a number or a literal."""
    KEY = auto()
    """The name under which the next value stands, with the colon and the space behind it."""
    OPEN = auto()
    """The bracket that opens an object or an array, with the space behind it."""
    COMMA = auto()
    """The comma between two members or items, with the space behind it."""
    CLOSE = auto()
    """The bracket that closes an object or an array."""
    SPACE = auto()
    """White space before or behind a value."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of octets with one meaning; the runs of a text cover it without gaps."""

    offset: int
    length: int
    part: Part
    keys: Keys
    """The way from the outermost value to this one, or to the one that it belongs to."""
    value: object
    """The value, the key, or an empty container of the right type where a bracket stands."""


@dataclass(slots=True)
class Reader:
    """Reads exactly one JSON text, and keeps the runs that it has seen even where it fails."""

    data: bytes
    runs: list[Run] = field(default_factory=list)
    _at: int = 0

    def read(self) -> object:
        """Return the value, or raise a Breach whose offset counts from the first octet."""
        try:
            self.data.decode()
        except UnicodeDecodeError as error:
            reason = f"invalid UTF-8: {error.reason}"
            raise Breach(Check.UTF8, reason, offset=error.start) from None
        self._space(())
        value = self._value(())
        self._space(())
        if self._at < len(self.data):
            raise self._wrong("something behind the value", ())
        return value

    def offset_of(self, keys: Keys, *, key: bool) -> int:
        """Return where the value at `keys` begins, or its key."""
        wanted = {Part.KEY} if key else {Part.VALUE, Part.OPEN}
        for run in self.runs:
            if run.keys == keys and run.part in wanted:
                return run.offset
        return 0

    def _value(self, keys: Keys) -> object:
        match self.data[self._at : self._at + 1]:
            case b"{":
                return self._object(keys)
            case b"[":
                return self._array(keys)
            case b'"':
                start, text = self._at, self._string(keys)
                return self._note(start, Part.VALUE, keys, text)
        if number := _NUMBER.match(self.data, self._at):
            value = _number(number, keys)
            return self._take(number.end(), Part.VALUE, keys, value)
        word = _WORD.match(self.data, self._at)
        if word is None or word[0] not in _WORDS:
            raise self._wrong("no value", keys)
        return self._take(word.end(), Part.VALUE, keys, _WORDS[word[0]])

    def _object(self, keys: Keys) -> dict[str, object]:
        members: dict[str, object] = {}
        self._open(keys, members)
        while not self._closed(b"}", keys, {}, first=not members):
            start = self._at
            name = self._string(keys)
            if name in members:
                reason = f"member {name!r} twice"
                raise Breach(Check.DUPLICATE, reason, offset=start, keys=keys)
            self._skip_space()
            if self.data[self._at : self._at + 1] != b":":
                raise self._wrong("no colon", keys)
            self._at += 1
            self._skip_space()
            inside = (*keys, name)
            self._note(start, Part.KEY, inside, name)
            members[name] = self._value(inside)
            self._space(keys)
        return members

    def _array(self, keys: Keys) -> list[object]:
        items: list[object] = []
        self._open(keys, items)
        while not self._closed(b"]", keys, [], first=not items):
            inside = (*keys, len(items))
            items.append(self._value(inside))
            self._space(keys)
        return items

    def _open(self, keys: Keys, kind: dict[str, object] | list[object]) -> None:
        if len(keys) >= DEPTH_LIMIT:
            raise Breach(Check.DEPTH, f"deeper than {DEPTH_LIMIT}", offset=self._at, keys=keys)
        start = self._at
        self._at += 1
        self._skip_space()
        self._note(start, Part.OPEN, keys, type(kind)())

    def _closed(self, bracket: bytes, keys: Keys, kind: object, *, first: bool) -> bool:
        """Pass the bracket that closes the container, or else the comma before what follows."""
        found = self.data[self._at : self._at + 1]
        if found == bracket:
            self._take(self._at + 1, Part.CLOSE, keys, kind)
            return True
        if not first:
            if found != b",":
                raise self._wrong("neither a comma nor the end", keys)
            start = self._at
            self._at += 1
            self._skip_space()
            self._note(start, Part.COMMA, keys, None)
        return False

    def _string(self, keys: Keys) -> str:
        found = _STRING.match(self.data, self._at)
        if found is None:
            raise self._wrong("no string", keys)
        text: str = json.loads(found[0])
        try:
            text.encode()
        except UnicodeEncodeError:
            reason = "an unpaired surrogate"
            raise Breach(Check.SURROGATE, reason, offset=self._at, keys=keys) from None
        self._at = found.end()
        return text

    def _space(self, keys: Keys) -> None:
        start = self._at
        self._skip_space()
        if self._at > start:
            self._note(start, Part.SPACE, keys, None)

    def _skip_space(self) -> None:
        found = _SPACE.match(self.data, self._at)
        self._at = found.end() if found else self._at

    def _take(self, end: int, part: Part, keys: Keys, value: object) -> object:
        start, self._at = self._at, end
        return self._note(start, part, keys, value)

    def _note(self, start: int, part: Part, keys: Keys, value: object) -> object:
        self.runs.append(Run(start, self._at - start, part, keys, value))
        return value

    def _wrong(self, what: str, keys: Keys) -> Breach:
        place = "the text ends early" if self._at >= len(self.data) else what
        return Breach(Check.VALUE, f"no JSON: {place}", offset=self._at, keys=keys)


def encode(value: object) -> bytes:
    """Return `value` as a JSON text, in ASCII, with a space behind each comma and colon."""
    _check(value, ())
    return json.dumps(value).encode("ascii")


def _number(found: re.Match[bytes], keys: Keys) -> int | float:
    """Return an int for a number without fraction and exponent, else a float."""
    value = float(found[0])
    if math.isinf(value):
        reason = "a number beyond binary64"
        raise Breach(Check.MAGNITUDE, reason, offset=found.start(), keys=keys)
    return value if found["fraction"] or found["exponent"] else int(found[0])


def _check(value: object, keys: Keys) -> None:
    """Refuse what has no JSON; a subclass of a type is refused, whatever it may mean."""
    kind = type(value)
    if isinstance(value, str) and kind is str:
        _check_text(value, keys)
    elif isinstance(value, (int, float)) and kind in (int, float):
        _check_number(value, keys)
    elif isinstance(value, (dict, list)) and kind in (dict, list):
        if len(keys) >= DEPTH_LIMIT:
            raise Breach(Check.DEPTH, f"deeper than {DEPTH_LIMIT}", keys=keys)
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in members:
            if isinstance(value, dict):
                if type(key) is not str:
                    reason = f"key {key!r} is not a str"
                    raise Breach(Check.TYPE, reason, keys=(*keys, key), about_key=True)
                _check_text(key, keys)
            _check(item, (*keys, key))
    elif value is not None and kind is not bool:
        raise Breach(Check.TYPE, f"a {kind.__name__} has no place in JSON", keys=keys)


def _check_text(text: str, keys: Keys) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Breach(Check.SURROGATE, "an unpaired surrogate", keys=keys) from None


def _check_number(number: float, keys: Keys) -> None:
    try:
        finite = math.isfinite(number)
    except OverflowError:
        raise Breach(Check.MAGNITUDE, "a number beyond binary64", keys=keys) from None
    if not finite:
        raise Breach(Check.VALUE, f"there is no JSON for {number}", keys=keys)
