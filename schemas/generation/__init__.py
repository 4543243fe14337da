"""Generations, latest version."""

from schemas.generation.v1 import (
    FailureKind,
    GenerationCompleted,
    GenerationFailed,
    GenerationRequested,
    ModelConsidered,
    ReferenceUse,
)

__all__ = [
    "FailureKind",
    "GenerationCompleted",
    "GenerationFailed",
    "GenerationRequested",
    "ModelConsidered",
    "ReferenceUse",
]
