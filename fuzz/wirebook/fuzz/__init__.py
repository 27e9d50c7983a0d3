"""Attacks implementations with inputs derived from the schemas; nothing lives here yet."""
