"""What is generated for readers and tools: the marked blocks of the prose, and their figures.

A block begins with `<!-- generated: KIND ARGUMENT -->` and ends with `<!-- end generated -->`.
`python -m wirebook.spec.artefacts --write` fills and draws all of them, `--check` says which are
not current.
What may live here: renderings of the neutral form, of state tables, requirements and vectors, one
kind of artefact a module; no facts about a protocol.
"""

from wirebook.spec.artefacts.blocks import BlockError, filled, stale, write

__all__ = ["BlockError", "filled", "stale", "write"]
