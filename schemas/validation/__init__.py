"""Validation, latest version."""

from schemas.validation.v1 import (
    FrameValidated,
    Outcome,
    Score,
    Verdict,
)

__all__ = [
    "FrameValidated",
    "Outcome",
    "Score",
    "Verdict",
]
