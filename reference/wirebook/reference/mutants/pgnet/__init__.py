"""The mutants of the reference for PGNet, a module for each group of requirements."""
