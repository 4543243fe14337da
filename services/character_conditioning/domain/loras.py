"""Adapters: each character has its own, and several in one frame are turned down.

Two adapters at full strength blend two faces into one. In practice scales of about 0.5 to 0.7 keep them apart, so a
ceiling holds as soon as two visible characters have adapters. A scale below the ceiling is left as it is.
"""

from collections.abc import Iterable
from typing import Final

from schemas.bible import Character, Lora

#: Ceiling by number of visible characters with adapters; more than the last row: the last row.
SCALE_CAPS: Final = {1: 2.0, 2: 0.7, 3: 0.6, 4: 0.5}


def adapters_of(character: Character) -> tuple[Lora, ...]:
    """The character's adapters, unscaled. An `embedding_id` that `loras` doesn't name comes first, at 0.8."""
    embedding = character.embedding_id
    if embedding is None or any(lora.lora_id == embedding for lora in character.loras):
        return character.loras
    return (Lora(lora_id=embedding), *character.loras)


def cap_for(visible: Iterable[Character]) -> float:
    """Ceiling of every adapter's scale in a frame that shows these characters."""
    owners = sum(1 for character in visible if adapters_of(character))
    return SCALE_CAPS[max(1, min(owners, max(SCALE_CAPS)))]


def capped(loras: Iterable[Lora], cap: float) -> tuple[Lora, ...]:
    """The adapters with no scale above `cap`."""
    return tuple(lora if lora.scale <= cap else lora.model_copy(update={"scale": cap}) for lora in loras)
