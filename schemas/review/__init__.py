"""Reviews, latest version."""

from schemas.review.v1 import (
    Decision,
    ReviewDecided,
    ReviewRequested,
)

__all__ = [
    "Decision",
    "ReviewDecided",
    "ReviewRequested",
]
