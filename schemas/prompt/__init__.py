"""Prompts, latest version."""

from schemas.prompt.v1 import (
    DroppedFact,
    Fact,
    PromptBuilt,
    RenderedPrompt,
    RetakeInstruction,
    RetakeRequested,
)

__all__ = [
    "DroppedFact",
    "Fact",
    "PromptBuilt",
    "RenderedPrompt",
    "RetakeInstruction",
    "RetakeRequested",
]
