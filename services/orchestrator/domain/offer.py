"""Cards as the workers can serve them now: a server of one's own has what its operator has put there. Pure."""

from collections.abc import Mapping

from schemas.provider import ProviderHealthChanged
from services.orchestrator.domain.catalogue import Catalogue, ModelCard, References

_REFERENCES = "references"
_COMPOSITION_GUIDE = "composition-guide"
_START_IMAGE = "start-image"


def as_offered(catalogue: Catalogue, health: Mapping[str, ProviderHealthChanged]) -> Catalogue:
    """The cards without what their providers say that a model lacks now.

    So the plan names the loss before anything is sent, as for any model that never had it. A lack of a kind that isn't
    known here changes nothing: the worker lists it with the image.
    """
    if not any(told.lacks for told in health.values()):
        return catalogue
    return catalogue.model_copy(update={"models": tuple(_offered(card, health) for card in catalogue)})


def _offered(card: ModelCard, health: Mapping[str, ProviderHealthChanged]) -> ModelCard:
    told = health.get(card.provider)
    lacks = told.lacks.get(card.model, ()) if told is not None else ()
    changes: dict[str, object] = {}
    if _REFERENCES in lacks:
        changes["references"] = References()
    if _START_IMAGE in lacks:
        changes["variation"] = None
    if _COMPOSITION_GUIDE in lacks:
        changes["composition_guide"] = False
    return card.model_copy(update=changes) if changes else card
