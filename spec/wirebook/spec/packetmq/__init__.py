"""The book PacketMQ: what it is called. Its schemas are in wire.py, its tables in states.py."""

from wirebook.spec.books import BookInfo

BOOK = BookInfo(name="packetmq", title="PacketMQ", prefix="PMQ", carrier="TCP")
