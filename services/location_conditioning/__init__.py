"""Settles place, light, props and continuity of every frame."""
