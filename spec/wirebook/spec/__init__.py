"""What the protocols are: schemas, requirements, state tables and vectors.

What may live here: readings of the books that every other part is built on. Nothing here opens a
socket, starts a process or keeps a connection, and importing it costs next to nothing: construct
and msgpack are loaded when a schema is first used.
"""
