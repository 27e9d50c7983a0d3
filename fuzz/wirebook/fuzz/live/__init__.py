"""Fuzzing of live targets: near-valid inputs over the wire, and what becomes of who gets them.

What may live here: everything that is done to a target that runs, whatever it is written in.
`work(lot)` is the way `live` to work off a lot; `rate` says how fast that is.
"""

from wirebook.fuzz.live.hunting import rate, work

__all__ = ["rate", "work"]
