"""The reference implementations: one sub-package for each book, named after it.

Each keeps the documented API of its original and the rules of its book. What may live here: the
sub-packages and what all of them share; nothing that imports the suite or the fuzzer.
"""
