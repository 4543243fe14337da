"""Sheets, plates and prop views: what stays the same in every shot is told, nothing of any one shot is."""

import pytest

from schemas.bible import Costume
from schemas.conditioning import (
    CharacterConditioning,
    LocationConditioned,
    PlateVariant,
    PropConditioning,
    VariantChange,
)
from schemas.prompt import RenderedPrompt
from schemas.vocabulary import Dialect, Facing, SubjectKind
from services.prompt_builder.domain import KINDS
from services.prompt_builder.domain.reference_facts import TOLD
from tests import builders
from tests.unit.prompt_builder.worded import built, run_of, tagged

#: A shot full of what must not reach a reference.
DRAMATIC = builders.shot(
    description="Radha runs from the burning barn.",
    action="She stumbles and looks back.",
    shot_size="full",
    camera_angle="dutch",
    camera_movement="dolly-zoom",
    lens_mm=18,
    focus="shallow",
    lighting="chiaroscuro",
    light_source="firelight",
    mood="menacing",
    dialogue="Radha: Help!",
)
_OF_THE_SHOT = ("barn", "stumbl", "dutch", "dolly", "18", "shallow", "chiaroscuro", "fire", "speak", "menac")
LAMP = PropConditioning(prop_id="lamp", bible_version=1, bible_digest="0" * 64, name="Brass lamp", description="dented")


def reference(subject: SubjectKind, cast: tuple[CharacterConditioning, ...] = ()) -> LocationConditioned:
    run = run_of(DRAMATIC, style_guide="faces cut by blinds").model_copy(update={"subject": subject})
    place = builders.forest() if subject is SubjectKind.LOCATION_PLATE else None
    props = (LAMP,) if subject is SubjectKind.PROP_VIEW else ()
    return builders.location_conditioned(run, cast=cast, location=place, props=props)


def sheet() -> LocationConditioned:
    costume = Costume(costume_id="c", description="red silk sari with gold border as broad as a hand, ankle bells")
    member = builders.radha(
        costume=costume,
        action="runs",
        expression="wide-eyed",
        facing=Facing.BACK,
        changing={"injury": "a bleeding cut", "expression": "tearful"},
    )
    return reference(SubjectKind.CHARACTER_SHEET, (member,))


def wordings(of: LocationConditioned) -> tuple[RenderedPrompt, ...]:
    return built(of).prompts


EVERY = (sheet(), reference(SubjectKind.LOCATION_PLATE), reference(SubjectKind.PROP_VIEW))


@pytest.mark.parametrize("of", EVERY, ids=lambda of: of.run.subject)
def test_no_reference_is_told_anything_of_a_shot_and_all_of_it_is_listed(of: LocationConditioned) -> None:
    for rendered in wordings(of):
        assert [word for word in _OF_THE_SHOT if word in rendered.prompt.casefold()] == []
        left_out = {item.kind for item in rendered.dropped if "this is a shot's" in item.reason}
        assert {"description", "action", "mood", "movement", "lighting"} <= left_out
        assert "speech bubbles" not in rendered.negative_prompt


def test_a_sheet_is_face_and_wardrobe_at_ease_in_even_light_in_every_wording() -> None:
    for rendered in wordings(sheet()):
        shown = rendered.prompt.casefold()
        for words in ("character", "sheet", "even light", "plain", "radha", "long black hair", "red silk sari"):
            assert words in shown
        for words in ("cut", "tearful", "wide-eyed", "behind", "runs", "blinds"):
            assert words not in shown


def test_the_same_face_several_times_is_not_ruled_out_for_a_sheet_nor_its_even_light() -> None:
    for rendered in wordings(sheet()):
        assert "duplicate person" not in rendered.negative_prompt
        assert "appears once" not in rendered.negative_folded
        assert "flat lighting" not in rendered.negative_prompt
        assert "extra limbs" in rendered.negative_prompt


@pytest.mark.parametrize("subject", [SubjectKind.LOCATION_PLATE, SubjectKind.PROP_VIEW])
def test_what_shows_nobody_is_told_nothing_of_bodies(subject: SubjectKind) -> None:
    for rendered in wordings(reference(subject)):
        told = f"{rendered.prompt} {rendered.negative_prompt} {rendered.negative_folded}".casefold()
        assert [word for word in ("limbs", "bodies", "person", "radha") if word in told] == []


def test_a_plate_keeps_its_landmarks_and_the_time_weather_and_light_of_its_variant() -> None:
    whole, short = tagged(reference(SubjectKind.LOCATION_PLATE))
    for rendered in (whole, short):
        for words in ("no humans", "old banyan", "Vrindavan Forest", "dusk"):
            assert words in rendered.prompt
    assert "key light" in wordings(reference(SubjectKind.LOCATION_PLATE))[0].prompt


def test_what_a_reference_is_told_are_kinds_of_facts() -> None:
    for kinds in TOLD.values():
        assert kinds <= set(KINDS)


def test_a_plate_that_is_derived_from_another_says_what_changes_and_what_stays_to_models_that_edit() -> None:
    changes = (
        VariantChange(aspect="time", before="noon", after="golden-hour"),
        VariantChange(aspect="weather", before="clear", after="rain"),
    )
    place = builders.forest(references=[{"uri": "s3://ice/noon.png"}])
    variant = PlateVariant(plate=place.references[0], changes=changes, remade=0.6)
    plain = reference(SubjectKind.LOCATION_PLATE)
    of = plain.model_copy(update={"location": place.model_copy(update={"variant_of": variant})})
    for rendered, before in zip(wordings(of), wordings(plain), strict=True):
        # The wording itself is the same: which model is asked isn't known yet.
        assert rendered.prompt == before.prompt
        assert before.variant_told == ""
        if rendered.dialect is Dialect.TAGS:
            assert rendered.variant_told == ""
            continue
        told = "change only the time of day, from noon to golden hour; and the weather, from clear to rain."
        assert told in rendered.variant_told
        assert "same layout" in rendered.variant_told
