"""Messages made from the neutral form of a schema: valid, at their limits, and almost valid.

`nodes` reads the form, `drawing` and `filling` make values, `faults` and its kin spoil them,
`writing` turns both into octets, and `plans` decides what comes next. What may live here: what
`strategies` draws; no Hypothesis, and nothing that knows a book.
"""

from wirebook.fuzz.schemas.dice import Dice
from wirebook.fuzz.schemas.nodes import message_of, text_of
from wirebook.fuzz.schemas.plans import Faulty, Plan
from wirebook.fuzz.schemas.writing import octets_of

__all__ = ["Dice", "Faulty", "Plan", "message_of", "octets_of", "text_of"]
