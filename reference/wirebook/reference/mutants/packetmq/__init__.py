"""The mutants of the reference for PacketMQ, a module for each group of requirements."""
