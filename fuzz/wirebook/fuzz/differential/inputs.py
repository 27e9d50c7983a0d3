"""What the readers are given: octets of messages that are valid, or nearly so.

What may live here: where the inputs of a lot come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from wirebook.fuzz import pools, strategies
from wirebook.fuzz.differential.readers import fits, module_of
from wirebook.fuzz.mutations import Mutator
from wirebook.fuzz.schemas import Dice

Input = tuple[str, bytes]
"""The name of a message, and octets that may be one."""

_BY_MUTATION = 0.4
_BY_SCHEMA = 0.35
_VALID = 0.4
"""How much of what is made by the schema is valid, if in any of the ways that there are."""


def inputs(book: str, messages: Sequence[str], seed: int) -> Iterator[Input]:
    """Yield inputs without end, the same ones for the same seed.

    Mutations stay near to what is known, schemas make what they know, and soups know nothing.
    """
    random = Random(seed)  # noqa: S311 - has to be the same again
    dice = Dice(random.randbytes)
    soup = module_of(book).soup
    known = pools.of(book, tuple(messages)).entries
    mutator = Mutator(book, messages, seed) if known else None
    while True:
        chosen = random.random()
        message = random.choice(messages)
        if mutator is not None and chosen < _BY_MUTATION:
            message, data, _ = mutator.next()
        elif chosen < _BY_MUTATION + _BY_SCHEMA:
            data = _made(book, message, random, dice)
        else:
            data = soup(random, message)
        if fits(book, message, data):
            yield message, data


def _made(book: str, message: str, random: Random, dice: Dice) -> bytes:
    plan = strategies.plan(book, message, taken=True)
    if random.random() < _VALID:
        return plan.octets(dice, varied=True)
    return plan.near_valid(dice).octets
