"""The ports of generation on real stores and threads."""
