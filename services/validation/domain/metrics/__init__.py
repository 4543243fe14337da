"""Measures of a film's consistency as pure functions over embeddings. Null where nothing was measured."""
