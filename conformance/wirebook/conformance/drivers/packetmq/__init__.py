"""Raw peers for PacketMQ: a client to test servers with, a server to test clients with.

What may live here: what speaks PacketMQ to a target. Nothing in it shares code with the reference.
"""

from wirebook.conformance.drivers.packetmq.probing import probe

__all__ = ["probe"]
