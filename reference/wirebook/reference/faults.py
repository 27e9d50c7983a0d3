"""What the errors of all books share: a message, and the requirement that was broken.

What may live here: the base of each book's root, which callers catch; nothing raises it itself.
"""

from __future__ import annotations


class CitedError(Exception):
    """An error that can name the requirement it is about."""

    def __init__(self, message: str = "", *, requirement: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.requirement = requirement
        """The ID of the requirement that was broken, or an empty str if the book has none."""

    def __str__(self) -> str:
        return f"{self.message} ({self.requirement})" if self.requirement else self.message
