"""A plan made by the router's cards can be carried out by the vendors' modules: no card promises more."""

import pytest

from services.generation.providers.catalogue import VENDORS
from services.generation.providers.local.assembly import LOCAL
from services.generation.providers.vendor import ModelTraits
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import ModelCard

MAKERS = {**VENDORS, **LOCAL}
CARDS = [card for card in load_catalogue() if card.provider in MAKERS]
STAYING = [card for card in CARDS if card.retires is None]


def traits_of(card: ModelCard) -> ModelTraits:
    return MAKERS[card.provider]().models[card.model]


@pytest.mark.parametrize("provider", sorted(MAKERS))
def test_every_vendor_has_cards(provider: str) -> None:
    assert [card for card in CARDS if card.provider == provider]


@pytest.mark.parametrize("card", STAYING, ids=lambda card: card.model)
def test_a_card_promises_no_more_than_the_vendors_module_sends(card: ModelCard) -> None:
    traits = traits_of(card)
    references = traits.references
    assert card.prompt_max_chars <= traits.prompt_max_chars
    assert card.references.max <= (references.most if references else 0)
    assert not card.references.strength or (references is not None and references.strength)
    assert (card.variation is not None and card.variation.by == "strength") is (traits.start is not None)
    assert not card.negative_prompt or traits.negative_prompt
    if card.seed is not None:
        assert traits.seeds is not None
        assert traits.seeds[0] <= card.seed.min
        assert card.seed.max <= traits.seeds[1]
    assert card.loras.max <= traits.loras
    assert not card.steps or traits.steps is not None
    assert not card.cfg_scale or traits.cfg_scale is not None


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.model)
def test_a_card_retires_with_its_model(card: ModelCard) -> None:
    traits = traits_of(card)
    assert (card.retires, card.successor) == (traits.retires, traits.successor)


@pytest.mark.parametrize("card", STAYING, ids=lambda card: card.model)
def test_a_size_that_the_card_promises_is_asked_for_itself(card: ModelCard) -> None:
    sizes = traits_of(card).sizes
    for width, height in [(1024, 1024), (1280, 720), (1920, 1088), (1536, 1024), (1344, 768)]:
        if card.sizes.refusal(width, height) is None:
            assert sizes.nearest(width, height) == (width, height)


def test_models_of_ones_own_are_guided_by_the_storyboard_that_their_workers_draw() -> None:
    own = [card for card in load_catalogue() if card.provider in {"diffusers", "comfyui", "a1111"}]
    assert {card.provider for card in own} == {"diffusers", "comfyui", "a1111"}
    assert [card.model for card in own if not (card.composition_guide and card.draws_guides)] == []
