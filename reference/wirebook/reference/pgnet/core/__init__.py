"""PGNet without input and output: texts and `now` in, texts and happenings out.

What may live here: the connections of both sides, and the lobby. Nothing in here waits, reads a
clock, or makes up random octets.
"""
