"""The commands of `wirebook`, one small module for each, composed by `wirebook.cli`.

What may live here: options, help texts and printing. Everything that takes time to import is
imported inside the functions, so that `wirebook --help` stays quick.
"""
