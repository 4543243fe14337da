"""How a model makes a location's plate from another of the same place. Pure.

It begins with that one, is shown it and told what to change, or takes it as any other reference.
"""

from schemas.conditioning import ConditionedEvent, PlateVariant
from schemas.generation import ReferenceUse
from schemas.project import CompositionGuide
from services.orchestrator.domain.catalogue import ModelCard
from services.orchestrator.domain.references import WantedReference, wanted_references

#: Role of the picture that a model begins with.
INIT = "init"


def begun_with(card: ModelCard, event: ConditionedEvent) -> PlateVariant | None:
    """The plate that the model begins with; None = with noise.

    A film that wants a drawn composition gets it: where a model can't have both, the plate stays a reference.
    """
    found = _variant(event)
    if found is None or card.variation is None or card.variation.by != "strength":
        return None
    guided = card.composition_guide and card.draws_guides and event.run.project.composition is CompositionGuide.PREVIZ
    return None if guided and not card.variation.beside_guide else found


def told_in_words(card: ModelCard, event: ConditionedEvent) -> bool:
    """Whether the model is shown the plate and told what to change."""
    by_words = card.variation is not None and card.variation.by == "words"
    return by_words and card.references.max > 0 and _variant(event) is not None


def start_of(card: ModelCard, event: ConditionedEvent) -> ReferenceUse | None:
    """The picture to begin with, as it is sent: it keeps what needn't be made anew."""
    found = begun_with(card, event)
    if found is None:
        return None
    return ReferenceUse(
        uri=found.plate.uri,
        sha256=found.plate.sha256,
        role=INIT,
        entity_id=event.location.location_id if event.location is not None else None,
        strength=round(1.0 - found.remade, 2),
    )


def references_beside(card: ModelCard, event: ConditionedEvent) -> tuple[WantedReference, ...]:
    """The references wanted beside the picture to begin with.

    That one is none of them: seen as well, it would hold back the very colours that are to change.
    """
    begun = begun_with(card, event)
    return tuple(item for item in wanted_references(event) if begun is None or item.use.uri != begun.plate.uri)


def _variant(event: ConditionedEvent) -> PlateVariant | None:
    return event.location.variant_of if event.location is not None else None
