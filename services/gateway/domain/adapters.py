"""What becomes of an adapter that is added, and of a character that it is assigned to. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.adapter import Adapter, AdapterKind
from schemas.adapter.families import Told
from schemas.bible import Character, Lora

#: Strength of a textual inversion where nobody says: it is a word, and a word is said once.
_INVERSION_SCALE = 1.0
_LORA_SCALE = 0.8


class MisassignedError(ValueError):
    """The adapter is another character's; the message says whose."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is said of a file that is added.

    Attributes:
        adapter_id: its name in the project.
        kind: LoRA or textual inversion.
        base: model family, as a slug.
        triggers: words that wake it; none = what the trainer noted in the file.
        scale: None = 0.8 for a LoRA, 1 for a textual inversion.
        character_id: whom it was trained on.
        licence: terms of use.
    """

    adapter_id: str
    kind: AdapterKind
    base: str
    triggers: tuple[str, ...] = ()
    scale: float | None = None
    character_id: str | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """How a character is to use an adapter. `scale` None = the adapter's own; `required` as in `Lora`."""

    scale: float | None = None
    required: bool | None = None


def described(wanted: Wanted, told: Told, *, uri: str, sha256: str, size: int) -> Adapter:
    """The entry of a file, as version 1."""
    noted = (told.trigger,) if told.trigger else ()
    inversion = wanted.kind is AdapterKind.TEXTUAL_INVERSION
    # A textual inversion does nothing unless its word is in the prompt.
    fallback = (wanted.adapter_id,) if inversion else ()
    scale = wanted.scale if wanted.scale is not None else (_INVERSION_SCALE if inversion else _LORA_SCALE)
    return Adapter(
        adapter_id=wanted.adapter_id,
        kind=wanted.kind,
        base_model=wanted.base,
        trigger_words=wanted.triggers or noted or fallback,
        scale=scale,
        character_id=wanted.character_id,
        licence=wanted.licence,
        uri=uri,
        sha256=sha256,
        size_bytes=size,
    )


def assigned(character: Character, adapter: Adapter, assignment: Assignment) -> Character:
    """The character's next version, which uses exactly this version of the adapter; itself where nothing changes.

    Raises:
        MisassignedError: the adapter was trained on somebody else.
        ValidationError: the character has eight adapters already.
    """
    if adapter.character_id is not None and adapter.character_id != character.id:
        raise MisassignedError(
            f"character: {character.id}; adapter {adapter.adapter_id} was trained on {adapter.character_id}, "
            "allowed is that character"
        )
    entry = Lora(
        lora_id=adapter.adapter_id,
        scale=adapter.scale if assignment.scale is None else assignment.scale,
        trigger_words=adapter.trigger_words,
        base_model=adapter.base_model,
        kind=adapter.kind,
        uri=adapter.uri,
        sha256=adapter.sha256,
        required=assignment.required,
    )
    loras = tuple(entry if lora.lora_id == entry.lora_id else lora for lora in character.loras)
    if entry not in loras:
        loras = (*loras, entry)
    if loras == character.loras:
        return character
    changed = {**character.model_dump(), "loras": loras, "version": character.version + 1}
    return Character.model_validate(changed)


def pictures_of(character_id: str, keyframes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those keyframes that show a character, in their order."""
    return [dict(item) for item in keyframes if any(seen["character_id"] == character_id for seen in item["cast"])]
