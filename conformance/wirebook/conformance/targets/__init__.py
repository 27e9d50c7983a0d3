"""How an implementation under test is described, started, spoken to and ended.

What may live here: descriptions, processes, embedded threads, handles. Each built-in target is one
folder beside this module, with a `target.toml` (or one TOML file for each protocol) and whatever
adapters it needs; a new one means a new folder and no change elsewhere.
"""
