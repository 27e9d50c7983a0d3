"""The mutants of the reference for PyGaSe, a module for each group of requirements."""
