"""One connection without input and output: octets and the time in, happenings and octets out.

What may live here: what a side does by the book's rules. It knows no sockets, clocks or threads,
and nothing of the classes that programs use.
"""
