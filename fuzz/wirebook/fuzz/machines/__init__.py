"""State machines that play the peers of an implementation, drawn and shrunk by Hypothesis.

For each book a module or package of its name has `machines(role, target)`. What may live here: the
base of all machines, what runs them, and the books'.
"""

from wirebook.fuzz.machines.base import Broken, Machine, Subject, step
from wirebook.fuzz.machines.running import replay, work

__all__ = ["Broken", "Machine", "Subject", "replay", "step", "work"]
