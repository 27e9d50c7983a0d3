"""Stands for the package of the drivers."""
