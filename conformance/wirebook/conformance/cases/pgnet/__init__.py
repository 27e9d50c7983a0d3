"""The cases for PGNet: each module holds those of one role and one topic.

What may live here: case modules, their fixtures, and the inputs that several of them send. How to
speak PGNet is the drivers' business.
"""
