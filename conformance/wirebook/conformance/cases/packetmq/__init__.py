"""The cases for PacketMQ: each module holds those of one role and one topic.

What may live here: case modules, their fixtures, and the inputs that several of them send. How to
speak PacketMQ is the drivers' business.
"""
