"""What `wirebook bench` measures, one module for each thing.

What may live here: rows and how they are measured. A module has `rows(rounds)`, which yields a row
as soon as it is measured.
"""

from wirebook.commands.benches.rows import Figure, Row, figure

__all__ = ["Figure", "Row", "figure"]
