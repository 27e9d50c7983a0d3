"""Messages in boxes: the keys that were given, those that were offered, and what they open.

What may live here: the keyring. Keys are neither shown nor kept longer than this process lives.
"""

from __future__ import annotations

from collections import deque

from wirebook.conformance.shelf import Tunnel
from wirebook.spec.dissection import Malformed

MOST_OFFERED = 64
"""Public keys that are remembered, of the connections that were seen last."""


class Keyring:
    """Private keys of either side, and the public keys that messages in clear have offered."""

    def __init__(self) -> None:
        self._private: list[bytes] = []
        self._public: deque[bytes] = deque(maxlen=MOST_OFFERED)

    def add(self, *private: bytes) -> None:
        """Keep private keys."""
        self._private += [key for key in private if key not in self._private]

    def saw(self, tunnel: Tunnel, octets: bytes) -> None:
        """Keep the public key that a message in clear offers, if it does."""
        offered = tunnel.offered_key(octets)
        if offered is not None and offered not in self._public:
            self._public.append(offered)

    def opened(self, tunnel: Tunnel, octets: bytes) -> bytes | None:
        """Return what is in a box, or None if no key opens it."""
        text = octets.decode("ascii", "replace")
        for private in self._private:
            for public in (*self._public, *self._private):
                try:
                    return tunnel.open_box(text, private, public)
                except Malformed:
                    continue
        return None


KEYRING = Keyring()
"""That of this process."""
