"""The book PyGaSe: what it is called. Its schemas are in wire.py, its tables in states.py."""

from wirebook.spec.books import BookInfo

BOOK = BookInfo(name="pygase", title="PyGaSe", prefix="PGS", carrier="UDP")
