"""Targets as readers: whether a server takes octets shows in what it says next.

What may live here: asking a running server, and for each book a module with the questions: what is
sent around the octets, and which answer means what.
"""

from wirebook.fuzz.differential.asking.target import AskedTarget

__all__ = ["AskedTarget"]
