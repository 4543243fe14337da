"""How a plate is made from another of its place: begun with it, told in words, or shown as any other reference."""

from typing import Any

import pytest

from schemas.conditioning import PlateVariant, VariantChange
from schemas.generation import GenerationRequested
from schemas.project import CompositionGuide
from schemas.prompt import PromptBuilt, PromptChunk, RenderedPrompt, WeightedText
from schemas.provider import ProviderHealthChanged, ProviderState
from schemas.vocabulary import Dialect
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import Catalogue, CatalogueError
from services.orchestrator.domain.request import plan_request
from services.orchestrator.domain.router import choose
from tests import builders
from tests.fakes.orchestration import TODAY, catalogue, codes, context, worded

PLATE = {"uri": "s3://ice/noon.png", "sha256": "1" * 64, "time_of_day": "noon"}
TOLD = "Change only the time of day, from noon to dusk."


def of_plate(composition: CompositionGuide = CompositionGuide.NONE, **changes: Any) -> PromptBuilt:
    """The prompt of a plate that is derived from the one of noon."""
    place = builders.forest(references=[PLATE])
    noon = VariantChange(aspect="time", before="noon", after="dusk")
    variant = PlateVariant(plate=place.references[0], changes=(noon,), remade=0.55)
    told = RenderedPrompt(dialect=Dialect.NATURAL, prompt="The forest at dusk.", variant_told=TOLD, **changes)
    run = context(settings=builders.project(composition=composition))
    return worded(run, cast=(), location=place.model_copy(update={"variant_of": variant}), prompts=(told,))


def asked(prompt: PromptBuilt, of: Catalogue) -> GenerationRequested:
    return plan_request(prompt, choose(prompt, catalogue=of, today=TODAY, providers=("paint", "brush")))


def test_a_model_that_can_begins_with_the_plate_and_is_shown_it_once() -> None:
    request = asked(of_plate(), catalogue("alpha", variation={"by": "strength"}))
    (use,) = request.references
    assert (use.uri, use.sha256, use.role, use.entity_id) == (PLATE["uri"], PLATE["sha256"], "init", "vrindavan-forest")
    assert use.strength == pytest.approx(0.45), "what needn't be made anew stays"
    assert request.prompt == "The forest at dusk."
    assert request.degradations == ()
    assert any("begins with the plate" in reason for item in request.considered for reason in item.reasons)


def test_it_needs_no_place_among_the_references() -> None:
    request = asked(of_plate(), catalogue("alpha", variation={"by": "strength"}, references={"max": 0}))
    assert [use.role for use in request.references] == ["init"]
    assert request.references[0].strength is not None
    assert request.degradations == ()


def test_a_model_that_edits_by_words_is_shown_the_plate_and_told_what_changes_first() -> None:
    request = asked(of_plate(), catalogue("alpha", variation={"by": "words"}))
    assert [use.role for use in request.references] == ["location"]
    assert request.prompt == f"{TOLD}\nThe forest at dusk."


def test_weights_written_by_hand_stay_with_their_words() -> None:
    chunk = PromptChunk(pieces=(WeightedText(text="The forest at dusk.", weight=1.2),))
    request = asked(of_plate(chunks=(chunk,)), catalogue("alpha", variation={"by": "words"}))
    assert [piece.text for piece in request.chunks[0].pieces] == [f"{TOLD}\n", "The forest at dusk."]


def test_any_other_model_gets_it_as_a_reference_and_hears_nothing_of_it() -> None:
    request = asked(of_plate(), catalogue("alpha"))
    assert [(use.role, use.strength) for use in request.references] == [("location", 0.5)]
    assert request.prompt == "The forest at dusk."


def test_what_to_change_comes_before_what_must_not_be_shown_where_there_is_no_room_for_both() -> None:
    of = catalogue("alpha", variation={"by": "words"}, negative_prompt=False, prompt_max_chars=100)
    request = asked(of_plate(negative_prompt="cars, " * 10), of)
    assert request.prompt == f"{TOLD}\nThe forest at dusk."
    assert codes(request.degradations) == ["negative-prompt-unsupported"]


def test_a_shorter_wording_leaves_room_for_what_to_change() -> None:
    of = catalogue("alpha", variation={"by": "words"}, prompt_max_chars=100)
    prompt = of_plate()
    long = prompt.prompts[0].model_copy(
        update={"prompt": "The forest at dusk, leaf by leaf, and every leaf with its name."}
    )
    request = asked(prompt.model_copy(update={"prompts": (long, *prompt.prompts)}), of)
    assert request.prompt == f"{TOLD}\nThe forest at dusk."


def test_words_that_have_no_room_are_listed() -> None:
    request = asked(of_plate(), catalogue("alpha", variation={"by": "words"}, prompt_max_chars=30))
    assert request.prompt == "The forest at dusk."
    assert codes(request.degradations) == ["variant-not-told"]


@pytest.mark.parametrize(
    ("beside", "draws", "role"), [(False, True, "location"), (True, True, "init"), (False, False, "init")]
)
def test_a_drawn_composition_comes_first_where_the_model_cannot_have_both(beside: bool, draws: bool, role: str) -> None:
    of = catalogue("alpha", variation={"by": "strength", "beside_guide": beside}, draws_guides=draws)
    assert [use.role for use in asked(of_plate(CompositionGuide.PREVIZ), of).references] == [role]


def test_a_server_that_lacks_it_now_is_asked_as_before() -> None:
    prompt, of = of_plate(), catalogue("alpha", variation={"by": "strength"})
    health = ProviderHealthChanged(
        provider="paint", state=ProviderState.UP, lacks={"alpha": ("start-image",)}, sequence=1
    )
    choice = choose(prompt, catalogue=of, today=TODAY, providers=("paint",), health={"paint": health})
    assert [use.role for use in plan_request(prompt, choice).references] == ["location"]


def test_what_a_model_can_do_with_a_plate_makes_no_keyframe_stale() -> None:
    plain, able = catalogue("alpha"), catalogue("alpha", variation={"by": "strength"})
    assert [card.digest for card in plain] == [card.digest for card in able]


def test_a_card_that_edits_by_words_takes_references() -> None:
    with pytest.raises(CatalogueError, match="variation: by words"):
        catalogue("beta", variation={"by": "words"})


def test_no_card_takes_a_picture_to_begin_with_as_a_reference_of_whom_it_shows() -> None:
    """Stability's one image is what the picture begins with: a face there would become the frame."""
    for card in load_catalogue():
        if card.provider == "stability" and card.variation is not None:
            assert card.references.max == 0, card.model
