"""Keyframes, latest version."""

from schemas.keyframe.v1 import (
    AttemptSummary,
    Camera,
    KeyframeFailed,
    KeyframeReady,
    Provenance,
    SeenCharacter,
    SeenLocation,
    ShotIdentity,
    Timing,
)

__all__ = [
    "AttemptSummary",
    "Camera",
    "KeyframeFailed",
    "KeyframeReady",
    "Provenance",
    "SeenCharacter",
    "SeenLocation",
    "ShotIdentity",
    "Timing",
]
