"""Runs, latest version."""

from schemas.run.v1 import (
    ChainEvent,
    RunContext,
    RunSuperseded,
    runs_of,
)

__all__ = [
    "ChainEvent",
    "RunContext",
    "RunSuperseded",
    "runs_of",
]
