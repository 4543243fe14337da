"""References, latest version."""

from schemas.reference.v1 import (
    ReferenceFailed,
    ReferenceReady,
    ReferenceRequested,
    key_of,
    refused,
    whose,
)

__all__ = [
    "ReferenceFailed",
    "ReferenceReady",
    "ReferenceRequested",
    "key_of",
    "refused",
    "whose",
]
