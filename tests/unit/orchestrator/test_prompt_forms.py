"""Prompts as they are sent: in the form that a model's program reads, the wording that it can read, nothing lost."""

from datetime import date

from schemas.generation import GenerationRequested
from schemas.vocabulary import WeightForm
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import Catalogue, ModelCard
from services.orchestrator.domain.request import plan_request
from services.orchestrator.domain.router import choose
from tests import builders
from tests.reading_weights import READERS
from tests.unit.prompt_builder.worded import built, event


def card(**changes: object) -> ModelCard:
    """SDXL as the catalogue has it, changed."""
    found = next(iter(load_catalogue().named("sdxl-base-1.0")))
    return ModelCard.model_validate(
        {
            **found.model_dump(),
            "sizes": {"kind": "range", "min_side": 64, "max_side": 4096, "max_pixels": 16777216},
            **changes,
        }
    )


def asked(model: ModelCard, name: str = "Radha (young)") -> GenerationRequested:
    """The request for a shot of somebody with that name."""
    prompt = built(event(cast=(builders.radha(name=name),)))
    choice = choose(
        prompt, catalogue=Catalogue(version="t", models=(model,)), today=date(2026, 1, 1), providers=(model.provider,)
    )
    return plan_request(prompt, choice)


def test_weights_are_written_in_the_form_that_the_card_names() -> None:
    for form in (WeightForm.A1111, WeightForm.COMFY, WeightForm.COMPEL):
        request = asked(card(weights=form, prompt_chunks=3))
        read = [piece for chunk in READERS[form](request.prompt) for piece in chunk]
        stressed = "".join(text for text, weight in read if round(weight, 2) == 1.2)
        assert stressed.startswith("Radha (young), long black hair")
        assert request.weight_form is form
        assert len(request.chunks) > 1


def test_a_model_without_weights_gets_the_words_alone() -> None:
    request = asked(card(weights=WeightForm.NONE, prompt_chunks=1))
    assert "Radha (young), long black hair" in request.prompt
    assert ":1.2" not in request.prompt
    assert "\\" not in request.prompt
    assert len(request.chunks) == 1


def test_a_model_of_english_only_is_told_names_in_latin_letters_and_that_is_listed() -> None:
    natural = {"dialects": ("natural",), "prompt_max_chars": 10_000}
    request = asked(card(**natural, english_only=True), "राधा")
    assert "Close-up of Radha," in request.prompt
    assert "name-romanised" in {item.code for item in request.degradations}
    assert "Close-up of राधा," in asked(card(**natural), "राधा").prompt


def test_a_model_without_negative_prompts_is_told_what_is_there_instead() -> None:
    request = asked(card(dialects=("natural",), prompt_max_chars=10_000, negative_prompt=False))
    assert request.negative_prompt == ""
    assert request.prompt.endswith("The picture is cleanly resolved where the lens is focused.")
    assert "negative-prompt-folded" in {item.code for item in request.degradations}
