"""The ports of validation on real stores and threads."""
