"""Runs, latest version."""

from schemas.run.v1 import (
    ChainEvent,
    ReferenceTarget,
    RunContext,
    RunSuperseded,
    runs_of,
)

__all__ = [
    "ChainEvent",
    "ReferenceTarget",
    "RunContext",
    "RunSuperseded",
    "runs_of",
]
