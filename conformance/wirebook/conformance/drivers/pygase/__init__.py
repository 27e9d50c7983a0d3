"""Raw peers for PyGaSe: a client to test servers with, and the probe that finds a server alive.

What may live here: what speaks PyGaSe to a target. Nothing in it shares code with the reference.
"""

from wirebook.conformance.drivers.pygase.probing import probe

__all__ = ["probe"]
