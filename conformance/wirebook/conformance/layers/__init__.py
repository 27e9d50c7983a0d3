"""The protocols as scapy layers: live traffic and captures, taken apart field by field.

The layers are made from each book's neutral form when they are loaded, so they can't disagree with
the book. They need the extra `inject`; importing this package does not.

    >>> from wirebook.conformance.layers import load
    >>> layers = load()
    >>> package = layers["pygase"]["client-package"](sequence=7, time_order=3)
    >>> bytes(package).hex()
    'ffd0fab900070000000000000003'

After `load()`, `rdpcap("case.pcap")`, `sniff(…)` and `IP(octets)` find the messages by themselves,
in UDP datagrams, TCP segments and WebSocket messages. A stream that is cut into segments at other
places than its messages needs `sniff(offline="case.pcap", session=TCPSession)`. Boxes of PGNet are
opened if `load(keys=[…])` is given a private key of either side. What is like a message and breaks
the book is `Raw` and says why: `packet[Raw].reason`.

What may live here: the public names. Nothing is imported from scapy before `load` is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scapy.packet import Packet

__all__ = ["ScapyMissing", "load"]


class ScapyMissing(ImportError):
    """Scapy is not installed."""


def load(*, keys: Sequence[bytes] = ()) -> Mapping[str, Mapping[str, type[Packet]]]:
    """Make the layers of all books and bind them; return their classes by book and message.

    A second call makes nothing anew; keys add up. Raises ScapyMissing without the extra `inject`.
    """
    try:
        from wirebook.conformance.layers import binding
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "scapy":
            raise
        raise ScapyMissing(
            'scapy is not installed; run: pip install "wirebook[inject]"', name="scapy"
        ) from error
    return binding.bind(keys)
