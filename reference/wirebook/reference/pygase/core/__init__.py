"""The sans-I/O cores: octets and the time go in, octets and events come out.

Nothing here opens a socket, starts a thread or looks at a clock. What may live here: the protocol,
and only the protocol. The asyncio shells around it, and the documented API, live one level up.
"""
