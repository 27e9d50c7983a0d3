"""Attacks implementations with inputs derived from the schemas.

For tests of your own there is `wirebook.fuzz.strategies`; campaigns are `wirebook fuzz`. What may
live here: nothing but the modules of the part.
"""
