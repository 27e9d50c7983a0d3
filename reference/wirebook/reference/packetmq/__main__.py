"""`python -m wirebook.reference.packetmq server|client`: the adapters as programs of their own.

What may live here: the book's name.
"""

from __future__ import annotations

import sys

from wirebook.reference import adapters


def main(arguments: list[str] | None = None) -> int:
    """Run the program that the arguments name."""
    return adapters.main("packetmq", arguments)


if __name__ == "__main__":
    sys.exit(main())
