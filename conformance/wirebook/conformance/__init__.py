"""The conformance suite: drives any implementation and says which requirement it breaks.

What may live here: the engine (`engine`, `plugin`, `controller`), what it speaks to (`targets`),
what the cases speak through (`drivers`), the cases, and the reports. Nothing outside `drivers/` and
`cases/` knows a protocol, and nothing in here imports the reference: a target is a socket, a
process, or a name given as text.
"""
