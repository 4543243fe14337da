"""References, latest version."""

from schemas.reference.v1 import (
    ReferenceFailed,
    ReferenceReady,
    ReferenceRequested,
)

__all__ = [
    "ReferenceFailed",
    "ReferenceReady",
    "ReferenceRequested",
]
