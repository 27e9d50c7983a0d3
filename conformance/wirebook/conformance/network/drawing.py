"""Scripts drawn from a seed, and the option `--network` that says how bad they are.

What may live here: how often what befalls, and chance. The same seed always draws the same script.

For a stream the rates mean what the loss of segments means to an application. A segment here is a
short run of octets. One that is lost comes, and holds back all behind it, after a retransmission
time-out (`LOSS_SECONDS`, the least that Linux waits); one that was overtaken holds them back for
`hold`; a duplicate is nothing. Where segments begin is drawn as well, so that reads end anywhere.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from wirebook.conformance.errors import CommandError
from wirebook.conformance.network.schedule import Rates, Schedule
from wirebook.conformance.network.script import Carrier, Direction, Effect, Entry, Place, Script

LENGTH = 1000
"""Datagrams of each peer and direction that a drawn script is about."""
SEGMENTS = 100
"""Segments of each connection and direction that a drawn script is about.

In a longer stream, a loss shows at once by what comes behind it, and is mended before long.
"""
LOSS_SECONDS = 0.2
_SIZES = (1, 3, 8, 40, 100, 200, 536, 1460)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)ms")
_HINT = 'e.g. --network "loss=5%,duplicate=5%,reorder=5%", also with delay=20ms and seed=7'


def draw(carrier: Carrier, seed: str | int, rates: Rates, length: int = 0) -> Script:
    """Draw a script for both directions."""
    if carrier is Carrier.TCP:
        return _draw_streams(seed, rates, length or SEGMENTS)
    both = [
        Schedule.random(
            _number(f"{seed}/{direction}"),
            length=length or LENGTH,
            loss=rates.loss,
            duplication=rates.duplication,
            reordering=rates.reordering,
            delay=rates.delay,
            hold=rates.hold,
        )
        for direction in Direction
    ]
    return Script.of(*both)


def _draw_streams(seed: str | int, rates: Rates, length: int) -> Script:
    entries = []
    for direction in Direction:
        chance = random.Random(f"{seed}/{direction}")  # noqa: S311 - it has to repeat
        at = 0
        for _ in range(length):
            lost, late = chance.random() < rates.loss, chance.random() < rates.reordering
            pause = rates.delay + (LOSS_SECONDS if lost else rates.hold if late else 0.0)
            what = Effect("stall", pause * 1000) if pause else Effect("cut")
            entries.append(Entry(direction, Place(at, at), what))
            at += chance.choice(_SIZES)
    return Script(Carrier.TCP, tuple(entries))


def _number(text: str) -> int:
    return random.Random(text).getrandbits(64)  # noqa: S311 - it has to repeat


@dataclass(frozen=True, slots=True)
class NetworkOption:
    """What `--network` says: how bad, or a schedule to play again."""

    text: str
    rates: Rates = field(default_factory=Rates)
    seed: int | None = None
    script: Script | None = None

    @classmethod
    def parse(cls, text: str) -> NetworkOption:
        """Read the option; raise CommandError if it says nothing."""
        said = text
        if text.startswith("@"):
            try:
                said = Path(text[1:]).read_text(encoding="utf-8")
            except (OSError, UnicodeError) as error:
                raise CommandError(f"cannot read {text[1:]}: {error}") from error
        if (said.split() or [""])[0] in tuple(Carrier):
            try:
                return cls(said, script=Script.parse(said))
            except ValueError as error:
                raise CommandError(f"no schedule: {error}") from error
        return cls._of_rates(said)

    @classmethod
    def _of_rates(cls, said: str) -> NetworkOption:
        found: dict[str, float] = {}
        seed = None
        names = {"loss": "loss", "duplicate": "duplication", "reorder": "reordering"}
        for word in filter(None, (part.strip() for part in said.split(","))):
            name, _, value = word.partition("=")
            if name in names and (share := _SHARE.fullmatch(value)) and float(share[1]) <= 100:
                found[names[name]] = float(share[1]) / 100
            elif name == "delay" and (delay := _DELAY.fullmatch(value)):
                found["delay"] = float(delay[1]) / 1000
            elif name == "seed" and value.isdecimal():
                seed = int(value)
            else:
                raise CommandError(f'"{word}" is nothing that befalls a network', hint=_HINT)
        if not found:
            raise CommandError("--network says nothing", hint=_HINT)
        return cls(said, Rates(**found), seed)

    def script_for(self, carrier: Carrier, seed: int, case: str) -> Script | None:
        """Return the schedule of a case; None if the one that was given is for another carrier."""
        if self.script is not None:
            return self.script if self.script.carrier is carrier else None
        chosen = seed if self.seed is None else self.seed
        return draw(carrier, f"{chosen}/{case}", self.rates)
