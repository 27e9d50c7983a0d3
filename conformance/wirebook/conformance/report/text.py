"""Words and names for reports: hostile text made visible, durations, sentences, file names.

What may live here: pure functions from text to text. Everything that came from a target goes
through `visible` before a person or a parser sees it.
"""

from __future__ import annotations

import hashlib
import re

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# Everything that steers a terminal, hides text, or that XML 1.0 cannot hold.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_NAME = 120


def visible(text: str) -> str:
    r"""Return the text without colour sequences and with other control characters as `\x1b`.

    What comes out can be printed on a terminal and stand in XML and HTML (after escaping).
    Line feeds and tabs stay; CR LF becomes a line feed.
    """
    if text.isprintable():  # nearly always, and much faster
        return text
    return _UNSAFE.sub(_escape, _COLOUR.sub("", text).replace("\r\n", "\n"))


def one_line(text: str, longest: int = 400) -> str:
    """Return the text as one visible line, cut with an ellipsis when it is too long."""
    return clip(" ".join(visible(text).split()), longest)


def clip(text: str, longest: int) -> str:
    """Return the text, cut with an ellipsis when it is longer than that."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def first_sentence(text: str) -> str:
    """Return the first sentence of a paragraph, as one line."""
    return _SENTENCE_END.split(one_line(text, longest=2000), maxsplit=1)[0]


def duration(seconds: float) -> str:
    """Return a length of time as people say it: `34 ms`, `5.2 s`, `3 min 05 s`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s"


def number_of(count: int, noun: str) -> str:
    """Return the count with its noun, in the plural where it has to be."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counted(counts: dict[str, int]) -> str:
    """Return verdict counts as words: `31 pass, 2 fail`."""
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def safe_name(case: str) -> str:
    """Return a case ID as a file name and fragment, the same for the same ID and no other."""
    name = case.replace("/", ".")
    safe = _UNSAFE_IN_NAME.sub("-", name).strip(".-")
    if safe == name and len(safe) <= _LONGEST_NAME:
        return safe
    digest = hashlib.sha256(case.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[:_LONGEST_NAME]}-{digest}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"
