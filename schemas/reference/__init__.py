"""References, latest version."""

from schemas.reference.v1 import (
    ReferenceEnded,
    ReferenceFailed,
    ReferenceReady,
    ReferenceRequested,
    key_of,
    outranks,
    refused,
    whose,
)

__all__ = [
    "ReferenceEnded",
    "ReferenceFailed",
    "ReferenceReady",
    "ReferenceRequested",
    "key_of",
    "outranks",
    "refused",
    "whose",
]
