"""Raw peers that the cases speak through, one sub-package for each book.

A driver does what a case tells it, octet by octet if need be, and reports every datagram to the
recorder. It is built on the book's schemas and knows nothing of the reference. What may live here:
sub-packages named like their book, each with a function `probe(address, timeout)` that asks a
server whether it is there.
"""
