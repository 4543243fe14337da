"""Prompts, latest version."""

from schemas.prompt.v1 import (
    DroppedFact,
    Fact,
    PromptBuilt,
    PromptChunk,
    RenderedPrompt,
    RetakeInstruction,
    RetakeRequested,
    WeightedText,
)

__all__ = [
    "DroppedFact",
    "Fact",
    "PromptBuilt",
    "PromptChunk",
    "RenderedPrompt",
    "RetakeInstruction",
    "RetakeRequested",
    "WeightedText",
]
