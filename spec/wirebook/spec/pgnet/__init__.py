"""PGNet: turn-based games over WebSocket, in JSON, in an encrypted tunnel."""

from wirebook.spec.books import BookInfo

BOOK = BookInfo(name="pgnet", title="PGNet", prefix="PGN", carrier="WebSocket")
