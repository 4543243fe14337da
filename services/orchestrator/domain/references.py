"""Which reference images and adapters a frame wants, in order of need; the model's limits come later."""

from dataclasses import dataclass

from schemas.bible import Lora, ReferenceImage
from schemas.conditioning import CharacterConditioning, ConditionedEvent
from schemas.generation import ReferenceUse
from schemas.prompt import PromptBuilt

#: Checks that another view of a character may mend.
VIEW_CHECKS = frozenset({"identity", "copy-paste"})


@dataclass(frozen=True, slots=True)
class WantedReference:
    """A reference image with its name for people."""

    use: ReferenceUse
    label: str


@dataclass(frozen=True, slots=True)
class WantedLora:
    """An adapter with the character that it was trained on."""

    lora: Lora
    label: str


def wanted_references(event: ConditionedEvent) -> tuple[WantedReference, ...]:
    """One view per visible character in the order of the cast, the plate, continuity frames, then one view per prop.

    The first reference of an entity is its best for this shot; who isn't in the frame sends nothing. A retake after a
    wrong face or a pasted reference sends the next view of each character instead.
    """
    return (*_cast(event), *_place(event), *_continuity(event), *_props(event))


def other_view(event: ConditionedEvent) -> bool:
    """Whether this is a retake for which the views sent before were no help, and some character has another."""
    retake = event.retake if isinstance(event, PromptBuilt) else None
    several = any(len(member.references) > 1 for member in event.visible_cast)
    return several and retake is not None and retake.other_view and bool(VIEW_CHECKS & set(retake.failed_checks))


def _views(event: ConditionedEvent, member: CharacterConditioning) -> tuple[ReferenceImage, ...]:
    """The character's view to send: by turns in retakes that want another."""
    if not member.references:
        return ()
    turn = event.take - 1 if isinstance(event, PromptBuilt) and other_view(event) else 0
    return (member.references[turn % len(member.references)],)


def _cast(event: ConditionedEvent) -> tuple[WantedReference, ...]:
    return tuple(
        WantedReference(
            ReferenceUse(
                uri=best.uri,
                sha256=best.sha256,
                role="character",
                entity_id=member.character_id,
                strength=member.reference_strength,
                region=best.region,
            ),
            f"reference of {member.character_id}" + (f" ({best.view.value})" if best.view is not None else ""),
        )
        for member in event.visible_cast
        for best in _views(event, member)
    )


def _place(event: ConditionedEvent) -> tuple[WantedReference, ...]:
    place = event.location
    if place is None:
        return ()
    return tuple(
        WantedReference(
            ReferenceUse(
                uri=plate.uri,
                sha256=plate.sha256,
                role="location",
                entity_id=place.location_id,
                strength=place.reference_strength,
            ),
            f"plate of {place.location_id}",
        )
        for plate in place.references[:1]
    )


def _continuity(event: ConditionedEvent) -> tuple[WantedReference, ...]:
    return tuple(
        WantedReference(
            ReferenceUse(uri=frame.asset.uri, sha256=frame.asset.sha256, role="continuity", entity_id=frame.shot_id),
            f"{frame.frame_role.value} frame of {frame.shot_id} for continuity",
        )
        for frame in event.continuity
    )


def _props(event: ConditionedEvent) -> tuple[WantedReference, ...]:
    return tuple(
        WantedReference(
            ReferenceUse(uri=best.uri, sha256=best.sha256, role="prop", entity_id=prop.prop_id),
            f"reference of {prop.prop_id}",
        )
        for prop in event.props
        for best in prop.references[:1]
    )


def wanted_loras(event: ConditionedEvent) -> tuple[WantedLora, ...]:
    """The adapters of each visible character, in the order of the cast; one wanted by two is sent once."""
    wanted: dict[str, WantedLora] = {}
    for member in event.visible_cast:
        for lora in member.loras:
            wanted.setdefault(lora.lora_id, WantedLora(lora, f"adapter {lora.lora_id} of {member.character_id}"))
    return tuple(wanted.values())
