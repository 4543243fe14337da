"""Measures by trained models. Each module imports its packages when a scorer is made, never before."""
