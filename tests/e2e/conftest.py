"""Fixtures of the end-to-end tests."""

from tests.fixtures.engine import engine

__all__ = ["engine"]
