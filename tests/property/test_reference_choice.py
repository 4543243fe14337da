"""Whatever a frame holds: nobody absent is sent, everybody visible is or is listed, and characters share nothing."""

from hypothesis import given
from hypothesis.strategies import DrawFn, booleans, composite, integers, lists, none, sampled_from, tuples

from schemas.bible import Character, Lora, ReferenceImage
from schemas.project import CompositionGuide
from schemas.prompt import PromptBuilt
from schemas.shot import CastMember
from schemas.vocabulary import Facing, ShotSize, TimeOfDay
from services.character_conditioning import domain as cast_rules
from services.location_conditioning.domain.derived import derived
from services.orchestrator.domain.request import plan_request
from services.orchestrator.domain.router import choose
from tests import builders
from tests.fakes.conditioning import character, project, shot
from tests.fakes.orchestration import TODAY, catalogue, context, worded

Frame = tuple[PromptBuilt, dict[str, Character]]
_VIEWS = (*Facing, None)


@composite
def frames(draw: DrawFn) -> Frame:
    """A worded frame of up to five characters, each with its own pictures and adapters, and who they are."""
    entries: dict[str, Character] = {}
    members = []
    for number in range(draw(integers(min_value=0, max_value=5))):
        name = f"c{number}"
        views = draw(lists(sampled_from(_VIEWS), max_size=4))
        pictures = tuple(ReferenceImage(uri=f"s3://ice/{name}-{n}.png", view=view) for n, view in enumerate(views))
        loras = (Lora(lora_id=f"{name}-lora", scale=1.0),) if draw(booleans()) else ()
        entries[name] = character(name, reference_images=pictures, loras=loras)
        members.append(CastMember(character_id=name, visible=draw(booleans())))
    planned = shot(cast=tuple(members), shot_size=draw(sampled_from(ShotSize)), facing=draw(sampled_from(Facing)))
    return worded(cast=cast_rules.condition(planned, project(), entries)), entries


@given(frames(), tuples(integers(min_value=0, max_value=8), integers(min_value=0, max_value=4)))
def test_only_the_visible_are_sent_one_picture_each_of_their_own_and_who_is_left_out_is_listed(
    frame: Frame, limits: tuple[int, int]
) -> None:
    prompt, entries = frame
    most, adapters = limits
    cards = catalogue("alpha", references={"max": most}, loras={"max": adapters})
    asked = plan_request(prompt, choose(prompt, catalogue=cards, today=TODAY, providers=("paint",), health={}))
    sent = [use for use in asked.references if use.role == "character"]
    visible = {member.character_id for member in prompt.visible_cast}
    owed = {name for name in visible if entries[name].reference_images}
    assert len({use.entity_id for use in sent}) == len(sent) <= most
    for use in sent:
        assert use.entity_id in visible
        assert use.uri in {image.uri for image in entries[str(use.entity_id)].reference_images}
    lost = " ".join(item.what for item in asked.degradations if item.code == "reference-dropped")
    assert {name for name in owed if f"reference of {name}" not in lost} == {use.entity_id for use in sent}
    worn = {f"{name}-lora" for name in visible if entries[name].loras}
    gone = " ".join(item.what for item in asked.degradations if item.code.startswith("lora"))
    assert {lora.lora_id for lora in asked.loras} == {name for name in worn if name not in gone}


@given(frames())
def test_no_two_characters_share_a_picture_an_adapter_or_a_seed_and_adapters_are_lowered_together(frame: Frame) -> None:
    prompt, entries = frame
    pictures = [image.uri for member in prompt.cast for image in member.references]
    adapters = [lora.lora_id for member in prompt.cast for lora in member.loras]
    assert len(set(pictures)) == len(pictures)
    assert len(set(adapters)) == len(adapters)
    assert len({member.seed.value for member in prompt.cast}) == len(prompt.cast)
    owners = [member for member in prompt.visible_cast if entries[member.character_id].loras]
    cap = {0: 1.0, 1: 1.0, 2: 0.7, 3: 0.6}.get(len(owners), 0.5)
    assert all(lora.scale == min(1.0, cap) for member in owners for lora in member.loras)


VARIATIONS = none() | sampled_from([{"by": "words"}, {"by": "strength"}, {"by": "strength", "beside_guide": True}])
PICTURES = sampled_from([(), ("noon",), ("night",), ("noon", "night"), (None,)])


@given(PICTURES, VARIATIONS, booleans(), sampled_from(CompositionGuide), integers(min_value=0, max_value=2))
def test_a_plate_is_begun_only_with_one_that_is_there_and_no_picture_is_sent_twice(
    shown: tuple[str | None, ...],
    variation: dict[str, object] | None,
    draws: bool,
    composition: CompositionGuide,
    most: int,
) -> None:
    limit = max(most, 1 if variation == {"by": "words"} else 0)
    cards = catalogue("alpha", variation=variation, draws_guides=draws, references={"max": limit})
    pictures = [{"uri": f"s3://ice/{time}.png", "time_of_day": time} for time in shown]
    place = derived(builders.forest(references=pictures, time_of_day=TimeOfDay.NIGHT), sheltered=False)
    run = context(settings=builders.project(composition=composition))
    prompt = worded(run, cast=(), location=place)
    asked = plan_request(prompt, choose(prompt, catalogue=cards, today=TODAY, providers=("paint",), health={}))
    sent = [use.uri for use in asked.references]
    begun = [use for use in asked.references if use.role == "init"]
    assert len(set(sent)) == len(sent)
    assert set(sent) <= {picture["uri"] for picture in pictures}
    for use in begun:
        assert place.variant_of is not None
        assert use.uri == place.variant_of.plate.uri
        assert use.strength is not None
        assert 0 < use.strength < 1
    guided = composition is CompositionGuide.PREVIZ and draws
    able = variation is not None and variation["by"] == "strength" and (not guided or "beside_guide" in variation)
    assert bool(begun) is (able and place.variant_of is not None)
    listed = any(item.code == "reference-dropped" for item in asked.degradations)
    assert bool(sent) or not pictures or listed, "the plate is sent, one way or the other, or listed"
