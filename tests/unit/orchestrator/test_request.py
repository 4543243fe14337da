"""The request per model: what is sent, and a degradation for everything that the model lacks."""

from typing import Any

import pytest

from schemas import ids
from schemas.bible import ReferenceImage, Region
from schemas.conditioning import ContinuityFrame, PropConditioning
from schemas.generation import GenerationRequested
from schemas.project import CompositionGuide
from schemas.prompt import DroppedFact, PromptBuilt, RenderedPrompt, RetakeInstruction
from schemas.topics import Lane
from schemas.vocabulary import Dialect, Facing, FrameRole
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.request import plan_request, seed_of_take
from services.orchestrator.domain.router import choose
from tests import builders
from tests.fakes.orchestration import TODAY, catalogue, codes, context, worded

NEGATIVE = RenderedPrompt(
    dialect=Dialect.NATURAL,
    prompt="Radha in the forest.",
    negative_prompt="cars",
    dropped=(DroppedFact(kind="mood", text="peaceful", reason="no room"),),
)


def asked(prompt: PromptBuilt, model: str, *, of: Catalogue | None = None, **changes: Any) -> GenerationRequested:
    """The request when only this model is there."""
    choice = choose(prompt, catalogue=of or catalogue(model), today=TODAY, providers=("previz", "paint", "brush"))
    return plan_request(prompt, choice, **changes)


def full_cast() -> dict[str, Any]:
    """Two visible characters and one who isn't, a plate, a continuity frame and a prop, all with references."""

    def member(name: str, *, visible: bool = True) -> Any:
        return builders.radha(
            character_id=name,
            visible=visible,
            references=[{"uri": f"s3://ice/{name}-1.png", "view": "front"}, {"uri": f"s3://ice/{name}-2.png"}],
            loras=[{"lora_id": f"{name}-v1", "base_model": "sdxl"}],
        )

    return {
        "cast": (member("radha"), member("ghost", visible=False), member("krishna")),
        "location": builders.forest(references=[{"uri": "s3://ice/forest.png"}]),
        "continuity": (
            ContinuityFrame(
                shot_id="sh0000",
                frame_role=FrameRole.SINGLE,
                reason="continuity_from",
                asset=builders.asset("before"),
            ),
        ),
        "props": (
            PropConditioning(
                prop_id="flute",
                bible_version=1,
                bible_digest="1" * 64,
                name="flute",
                description="a bamboo flute",
                references=[{"uri": "s3://ice/flute.png"}],
            ),
        ),
    }


def test_the_request_carries_the_conditioned_shot_and_its_exact_size() -> None:
    prompt = worded(context(width=1024, height=1024))
    request = asked(prompt, "alpha", attempt=3)
    assert (request.width, request.height) == (1024, 1024)
    assert (request.cast, request.location, request.seed) == (prompt.cast, prompt.location, prompt.seed)
    assert (request.take, request.attempt, request.template_version) == (1, 3, prompt.template_version)
    assert request.estimated_cost_usd_micros == 50_000
    assert [item.model for item in request.considered] == ["alpha"]


def test_a_model_that_has_everything_loses_nothing() -> None:
    request = asked(worded(prompts=(NEGATIVE.model_copy(update={"dropped": ()}),)), "alpha")
    assert request.degradations == ()
    assert (request.prompt, request.negative_prompt, request.seed_to_send) == ("Radha in the forest.", "cars", 7)


def test_what_was_lost_before_comes_first_and_once() -> None:
    prompt = worded(prompts=(NEGATIVE,))
    before = asked(prompt, "beta").degradations[0]
    request = asked(prompt.model_copy(update={"degradations": (before,)}), "beta")
    assert request.degradations[0] == before
    assert len(set(request.degradations)) == len(request.degradations)


def test_a_negative_prompt_is_folded_into_sentences_where_the_model_takes_none() -> None:
    request = asked(worded(prompts=(NEGATIVE,)), "beta")
    assert request.prompt == "Radha in the forest.\nAvoid: cars"
    assert request.negative_prompt == ""
    assert "negative-prompt-folded" in codes(request.degradations)


@pytest.mark.parametrize(
    ("dialect", "of"),
    [
        (Dialect.TAGS, catalogue("beta", dialects=["tags"])),
        (Dialect.NATURAL, catalogue("beta", prompt_max_chars=25)),
    ],
)
def test_a_negative_prompt_without_wording_or_room_is_listed_as_lost(dialect: Dialect, of: Catalogue) -> None:
    rendered = NEGATIVE.model_copy(update={"dialect": dialect})
    request = asked(worded(prompts=(rendered,)), "beta", of=of)
    assert request.prompt == "Radha in the forest."
    assert "negative-prompt-unsupported" in codes(request.degradations)


def test_facts_that_the_wording_left_out_are_listed_unless_the_model_draws_them() -> None:
    prompt = worded(prompts=(NEGATIVE,))
    assert "fact-dropped" in codes(asked(prompt, "alpha").degradations)
    assert codes(asked(prompt, "previz").degradations) == []


def test_a_seed_is_sent_only_to_a_model_that_takes_one() -> None:
    request = asked(worded(), "beta")
    assert request.seed_to_send is None
    assert codes(request.degradations) == ["seed-not-supported"]


def test_a_seed_beyond_the_models_range_becomes_one_within_always_the_same() -> None:
    first, second = (asked(worded(), "alpha", seed=4_000_000_000) for _ in range(2))
    assert first.seed_to_send == second.seed_to_send == 4_000_000_000 % 1001
    assert codes(first.degradations) == ["seed-mapped"]


def test_references_go_by_rule_cast_then_plate_then_continuity_then_props() -> None:
    request = asked(worded(**full_cast()), "alpha", of=catalogue("alpha", references={"max": 9, "strength": True}))
    assert [(use.role, use.entity_id) for use in request.references] == [
        ("character", "radha"),
        ("character", "krishna"),
        ("location", "vrindavan-forest"),
        ("continuity", "sh0000"),
        ("prop", "flute"),
    ]
    assert [use.uri for use in request.references[:2]] == ["s3://ice/radha-1.png", "s3://ice/krishna-1.png"]
    assert [use.strength for use in request.references[:3]] == [0.6, 0.6, 0.5]


def test_every_reference_beyond_the_models_limit_is_named() -> None:
    request = asked(worded(**full_cast()), "alpha")
    assert [use.entity_id for use in request.references] == ["radha", "krishna"]
    dropped = [item for item in request.degradations if item.code == "reference-dropped"]
    assert [item.what for item in dropped] == [
        "plate of vrindavan-forest",
        "single frame of sh0000 for continuity",
        "reference of flute",
    ]
    assert dropped[0].reason == "alpha takes 2 reference(s), 5 were wanted"


def test_a_strength_that_the_model_has_not_is_listed() -> None:
    request = asked(worded(**full_cast()), "alpha", of=catalogue("alpha", references={"max": 9}))
    assert {use.strength for use in request.references} == {None}
    assert "reference-strength-unsupported" in codes(request.degradations)


def test_previz_honours_people_place_and_seed_by_drawing_but_lists_unused_images_and_adapters() -> None:
    request = asked(worded(**full_cast()), "previz")
    assert request.references == ()
    assert request.loras == ()
    assert request.seed_to_send == 7
    assert codes(request.degradations) == ["reference-dropped"] * 5 + ["lora-not-supported"] * 2
    assert "draws the described facts" in request.degradations[0].reason


def test_adapters_of_the_visible_cast_are_sent_within_the_limit_and_for_the_models_family() -> None:
    cast = full_cast()["cast"]
    request = asked(worded(cast=cast), "alpha")
    assert [lora.lora_id for lora in request.loras] == ["radha-v1"]
    assert codes(request.degradations) == ["lora-dropped"]
    flux = builders.radha(loras=[{"lora_id": "radha-flux", "base_model": "flux"}])
    mismatched = asked(worded(cast=(flux,)), "alpha")
    assert mismatched.loras == ()
    assert codes(mismatched.degradations) == ["lora-base-mismatch"]


def test_two_characters_never_share_an_adapter_or_a_reference() -> None:
    request = asked(
        worded(**full_cast()), "alpha", of=catalogue("alpha", loras={"max": 4, "base": "sdxl"}, references={"max": 9})
    )
    assert [lora.lora_id for lora in request.loras] == ["radha-v1", "krishna-v1"]
    assert not any("ghost" in use.uri for use in request.references)


def test_steps_and_guidance_are_sent_or_listed() -> None:
    prompt = worded(context(settings=builders.project(steps=30, cfg_scale=7.5)))
    sent = asked(prompt, "alpha")
    assert (sent.steps, sent.cfg_scale, sent.degradations) == (30, 7.5, ())
    lost = asked(prompt, "beta")
    assert (lost.steps, lost.cfg_scale) == (None, None)
    assert {"steps-not-supported", "cfg-scale-not-supported"} <= set(codes(lost.degradations))


def test_a_composition_guide_that_is_not_sent_is_listed_but_previz_needs_none() -> None:
    prompt = worded(context(settings=builders.project(composition=CompositionGuide.PREVIZ)))
    assert codes(asked(prompt, "alpha").degradations) == ["composition-guide-not-made"]
    assert codes(asked(prompt, "alpha", of=catalogue("alpha", draws_guides=True)).degradations) == []
    assert "composition-guide-not-supported" in codes(asked(prompt, "beta").degradations)
    assert codes(asked(prompt, "previz").degradations) == []


def test_a_model_that_works_on_a_composition_is_asked_only_where_the_film_wants_one() -> None:
    cards = catalogue("alpha", composition_guide=True, draws_guides=True, needs_guide=True)
    wishes = (CompositionGuide.PREVIZ, CompositionGuide.NONE)
    prompts = (worded(context(settings=builders.project(composition=wish))) for wish in wishes)
    guided, plain = (choose(prompt, catalogue=cards, today=TODAY, providers=("paint",)) for prompt in prompts)
    assert guided.chosen is not None
    assert plain.chosen is None
    assert "composition: previz" in plain.considered[0].reasons[0]


def test_what_a_panel_of_a_sheet_shows_is_sent_as_that_part_of_it() -> None:
    region = Region(left=0.5, right=0.75)
    profile = ReferenceImage(uri="s3://ice/sheet.png", view=Facing.PROFILE, region=region)
    member = builders.radha(references=(profile,))
    request = asked(worded(cast=(member,)), "alpha")
    assert [(use.uri, use.region) for use in request.references] == [("s3://ice/sheet.png", region)]


def test_a_wish_for_a_model_that_is_not_there_is_listed() -> None:
    request = asked(worded(context(model="midjourney")), "previz")
    assert codes(request.degradations) == ["preferred-model-unavailable"]
    assert request.degradations[0].what == "model midjourney"


def test_the_lane_follows_the_shots_priority_unless_a_reviewer_waits() -> None:
    assert asked(worded(), "previz").lane is Lane.STANDARD
    assert asked(worded(context(priority=90)), "previz").lane is Lane.EXPRESS
    assert asked(worded(), "previz", lane=Lane.EXPRESS).lane is Lane.EXPRESS


def test_a_retake_with_a_new_seed_derives_it_from_the_runs_and_the_take() -> None:
    again = worded(take=3, retake=RetakeInstruction(reason="blurred"))
    assert seed_of_take(worded()) == 7
    assert seed_of_take(again, before=99) == ids.seed_from("7", "take", "3")
    same = worded(take=3, retake=RetakeInstruction(reason="wording only", new_seed=False))
    assert seed_of_take(same, before=99) == 99
    assert seed_of_take(same) == 7


def test_long_texts_are_cut_to_what_a_degradation_holds() -> None:
    rendered = NEGATIVE.model_copy(update={"negative_prompt": "n" * 900, "dropped": ()})
    request = asked(worded(prompts=(rendered,)), "beta")
    assert len(request.degradations[0].what) == 500
    assert request.degradations[0].what.endswith("…")


def test_a_choice_without_a_model_cannot_be_planned() -> None:
    prompt = worded()
    choice = choose(prompt, catalogue=catalogue("alpha"), today=TODAY, providers=("previz",))
    with pytest.raises(ValueError, match="no model was chosen"):
        plan_request(prompt, choice)
