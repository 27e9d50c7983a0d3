"""What becomes of datagrams, as data: the fate of one, and the fates of a whole direction in turn.

What may live here: fates and dense schedules of them. Nothing is random once a schedule is made: it
can be printed, kept, and played again. What befalls single datagrams of a long exchange, or a
stream, is said in `script.py`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_LOST = "x"


@dataclass(frozen=True, slots=True)
class Flip:
    """One bit that is turned over on the way."""

    octet: int
    """Counted from 0; of a datagram that is shorter, counted round and round."""
    bit: int
    """0 is the least significant one."""

    def __post_init__(self) -> None:
        if self.octet < 0 or not 0 <= self.bit <= 7:
            raise ValueError(f"there is no bit {self.bit} in octet {self.octet}")

    def __str__(self) -> str:
        return f"{self.octet}.{self.bit}"

    @classmethod
    def parse(cls, text: str) -> Flip:
        """Read what `str` writes: `OCTET.BIT`."""
        octet, _, bit = text.partition(".")
        return cls(int(octet), int(bit))

    def apply(self, data: bytes) -> bytes:
        """Return the octets with the bit turned over."""
        if not data:
            return data
        at = self.octet % len(data)
        return data[:at] + bytes([data[at] ^ 1 << self.bit]) + data[at + 1 :]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one datagram: after how many seconds each copy of it goes on."""

    delays: tuple[float, ...] = (0.0,)
    """One for each copy; none if the datagram is lost."""
    flip: Flip | None = None
    """What is corrupt in every copy."""

    def __str__(self) -> str:
        copies = "+".join(f"{delay * 1000:g}" for delay in self.delays) or _LOST
        return copies if self.flip is None else f"{copies}~{self.flip}"

    @classmethod
    def parse(cls, text: str) -> Fate:
        """Read what `str` writes.

        That is `x`, or the delay of each copy in milliseconds, `0+20`, and then the bit that is
        turned over, if any is: `0~12.7`.
        """
        if text == _LOST:
            return LOST
        copies, mark, flipped = text.partition("~")
        delays = tuple(float(part) / 1000 for part in copies.split("+"))
        if not all(0 <= delay < float("inf") for delay in delays):
            raise ValueError(f'"{text}" delays a datagram by less than nothing, or for ever')
        return cls(delays, Flip.parse(flipped) if mark else None)

    def apply(self, data: bytes) -> bytes:
        """Return the octets as they arrive, if they do."""
        return data if self.flip is None else self.flip.apply(data)

    def later(self, seconds: float) -> Fate:
        """Return the same fate after a while."""
        return Fate(tuple(delay + seconds for delay in self.delays), self.flip)


DELIVERED = Fate()
LOST = Fate(())


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each thing befalls a datagram, as shares of 1; each is drawn by itself."""

    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    delay: float = 0.0
    """Seconds by which everything is delayed."""
    hold: float = 0.06
    """Seconds by which what is to be overtaken is held back."""

    def draw(self, chance: random.Random) -> Fate:
        """Draw the fate of one datagram."""
        # Always four draws, so that one rate can be changed without changing the rest.
        lost, doubled, held, late = (chance.random() for _ in range(4))
        if lost < self.loss:
            return LOST
        first = self.delay + (self.hold if held < self.reordering else 0.0)
        if doubled < self.duplication:
            return Fate((first, first + (self.hold if late < 0.5 else 0.0)))
        return Fate((first,))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The fates of the datagrams of one direction, in turn; at its end it begins anew."""

    fates: tuple[Fate, ...] = (DELIVERED,)

    def __post_init__(self) -> None:
        if not self.fates:
            raise ValueError("a schedule without fates says nothing")

    def __getitem__(self, number: int) -> Fate:
        """Return the fate of the datagram with this number, counted from 0."""
        return self.fates[number % len(self.fates)]

    def __str__(self) -> str:
        return " ".join(map(str, self.fates))

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """Read what `str` writes: the fates, separated by blanks."""
        return cls(tuple(Fate.parse(word) for word in text.split()))

    @classmethod
    def random(
        cls,
        seed: int,
        *,
        length: int = 1000,
        loss: float = 0.0,
        duplication: float = 0.0,
        reordering: float = 0.0,
        delay: float = 0.0,
        hold: float = 0.06,
    ) -> Schedule:
        """Draw a schedule: the same arguments always give the same one.

        `loss`, `duplication` and `reordering` are the shares of the datagrams that they befall,
        each drawn by itself. Everything is delayed by `delay` seconds; what is to be overtaken is
        held back for `hold` more, and so is the second copy of a duplicate half of the time.
        """
        chance = random.Random(seed)  # noqa: S311 - not for secrets: it has to repeat
        rates = Rates(loss, duplication, reordering, delay, hold)
        return cls(tuple(rates.draw(chance) for _ in range(length)))

    def course(self) -> Turns:
        """Return the course that one peer's datagrams take."""
        return Turns(self)


@dataclass(slots=True)
class Turns:
    """A dense schedule while it is played for one peer."""

    schedule: Schedule
    number: int = field(default=0)
    """Of the next datagram."""

    def next(self, size: int, now: float) -> Fate:
        """Return the fate of the next datagram."""
        del size, now
        self.number += 1
        return self.schedule[self.number - 1]


PERFECT = Schedule()
