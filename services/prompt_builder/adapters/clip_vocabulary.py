"""CLIP's vocabulary, read from `services/prompt_builder/adapters/clip_bpe.json`."""

import json
from functools import cache
from importlib.resources import files

from services.prompt_builder.domain.clip_tokens import ClipTokens


@cache
def clip_tokens() -> ClipTokens:
    """The counter with CLIP's own vocabulary; read once per process."""
    file = files("services.prompt_builder").joinpath("adapters", "clip_bpe.json")
    return ClipTokens(json.loads(file.read_text(encoding="utf-8"))["merges"])
