"""Project settings, latest version."""

from schemas.project.v1 import (
    ApprovalPolicy,
    Budget,
    CompositionGuide,
    Limit,
    ProjectSettings,
    ReferencePolicy,
    SeedPolicy,
    Side,
    Takes,
    TemplateOverride,
    WithoutReference,
)

__all__ = [
    "ApprovalPolicy",
    "Budget",
    "CompositionGuide",
    "Limit",
    "ProjectSettings",
    "ReferencePolicy",
    "SeedPolicy",
    "Side",
    "Takes",
    "TemplateOverride",
    "WithoutReference",
]
