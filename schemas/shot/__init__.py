"""Shots and their events, latest version."""

from schemas.shot.v1 import (
    EXPRESS_PRIORITY,
    CastMember,
    Problem,
    Shot,
    ShotPlanned,
    ShotRejected,
    planned_digest,
)

__all__ = [
    "EXPRESS_PRIORITY",
    "CastMember",
    "Problem",
    "Shot",
    "ShotPlanned",
    "ShotRejected",
    "planned_digest",
]
