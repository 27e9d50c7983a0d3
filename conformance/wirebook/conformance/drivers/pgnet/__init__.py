"""Raw peers for PGNet: a client to test servers with, and the probe that finds a server alive.

What may live here: what speaks PGNet to a target. Nothing in it shares code with the reference.
"""

from wirebook.conformance.drivers.pgnet.probing import probe

__all__ = ["probe"]
