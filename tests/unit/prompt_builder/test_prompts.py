"""What a shot's prompts say, in both dialects."""

import re
from typing import Any

import pytest

from schemas.bible import Costume, Garment, Lora
from schemas.conditioning import (
    CharacterConditioning,
    ContinuityFrame,
    LocationConditioned,
    PropConditioning,
)
from schemas.project import ProjectSettings, TemplateOverride
from schemas.prompt import PromptBuilt, RenderedPrompt, RetakeInstruction
from schemas.run import RunContext, runs_of
from schemas.shot import Shot, ShotPlanned, ShotRejected
from schemas.vocabulary import Dialect, Facing, FrameRole
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.domain import build
from services.prompt_builder.domain.tokens import CLIP_BUDGET, estimate
from tests import builders

TEMPLATES = shipped_templates()
KRISHNA = builders.radha(
    character_id="krishna",
    name="Krishna",
    description="A cowherd with blue skin",
    appearance={"skin": "blue skin", "hair": "curly"},
    costume=Costume(costume_id="dhoti", description="yellow dhoti"),
    action="playing the flute",
    expression="a half-smile",
    facing=Facing.PROFILE,
)


def run_of(shot: Shot, role: int = 0, **project: Any) -> RunContext:
    return runs_of(ShotPlanned(project=ProjectSettings(project_id="vrindavan", title="V", **project), shot=shot))[role]


def event(
    shot: Shot | None = None, *, role: int = 0, project: dict[str, Any] | None = None, **changes: Any
) -> LocationConditioned:
    return builders.location_conditioned(run_of(shot or builders.shot(), role, **(project or {})), **changes)


def built(of: LocationConditioned, **more: Any) -> PromptBuilt:
    made = build(of, TEMPLATES, **more)
    assert isinstance(made, PromptBuilt)
    return made


def natural(of: LocationConditioned, **more: Any) -> str:
    return built(of, **more).prompt_for(Dialect.NATURAL).prompt


def tags(of: LocationConditioned, **more: Any) -> RenderedPrompt:
    return built(of, **more).prompt_for(Dialect.TAGS)


def two(
    shot: dict[str, Any] | None = None, cast: tuple[CharacterConditioning, ...] | None = None
) -> LocationConditioned:
    asked = builders.shot(
        **{"cast": ("radha", "krishna"), "framing": "two-shot", "shot_size": "medium", **(shot or {})}
    )
    return event(asked, cast=cast or (builders.radha(), KRISHNA))


def test_it_reads_like_sentences() -> None:
    text = natural(event())
    assert text.startswith("Close-up of Radha, the face filling the frame")
    assert "has long black hair and dark brown eyes, dressed in traditional Indian attire" in text
    assert "It is dusk, the last light fading, in summer, in clear weather." in text
    assert text.count(",") < len(text) / 25
    assert 600 < len(text) < 1500
    assert not re.search(r"\.\.|,,|\s,|\s\.| {2}|:\.", text)


def test_identity_count_and_size_rank_first() -> None:
    kinds = [fact.kind for fact in built(two()).facts]
    assert kinds[:4] == ["identity", "identity", "cast-count", "shot-size"]


def test_ranks_count_from_zero_without_gaps() -> None:
    assert [fact.rank for fact in built(event()).facts] == list(range(len(built(event()).facts)))


def test_appearance_is_stated_once() -> None:
    member = builders.radha(description="A divine woman with long black hair")
    for dialect in Dialect:
        text = built(event(cast=(member,))).prompt_for(dialect).prompt
        assert text.count("long black hair") == 1
        assert text.count("dark brown eyes") == 1


def test_each_character_keeps_its_own_look() -> None:
    text = natural(two())
    radha, krishna = text.index("Radha, Divine"), text.index("Krishna, a cowherd")
    assert radha < text.index("dark brown eyes") < krishna < text.index("curly hair") < text.index("yellow dhoti")
    assert "two characters in the frame" in text


def test_the_unseen_are_not_described() -> None:
    unseen = KRISHNA.model_copy(update={"visible": False})
    for dialect in Dialect:
        text = built(two(cast=(builders.radha(), unseen))).prompt_for(dialect).prompt
        assert "Krishna" not in text
        assert "yellow dhoti" not in text


def test_nobody_in_view_when_the_named_cast_is_unseen() -> None:
    unseen = builders.radha(visible=False)
    assert "nobody in the frame" in natural(event(cast=(unseen,)))
    assert "no humans" in tags(event(cast=(unseen,))).prompt


def test_a_shot_without_cast_says_nothing_about_people() -> None:
    text = natural(event(builders.shot(cast=(), shot_size="extreme-wide"), cast=()))
    assert text.startswith("Extreme wide establishing shot of Vrindavan Forest")
    assert "character" not in text


def test_action_and_description_are_both_kept() -> None:
    text = natural(event(builders.shot(description="Moonrise over the river.", action="She lifts the lamp")))
    assert "Moonrise over the river. She lifts the lamp." in text


def test_dialogue_is_speaking_and_never_words() -> None:
    rendered = built(event(builders.shot(dialogue="RADHA: Where is the peacock?")))
    for dialect in Dialect:
        assert "peacock" not in rendered.prompt_for(dialect).prompt
    assert "Radha is speaking." in rendered.prompt_for(Dialect.NATURAL).prompt
    assert "speech bubbles" in rendered.prompt_for(Dialect.NATURAL).negative_prompt


@pytest.mark.parametrize(
    ("dialogue", "said"),
    [
        ("Krishna: Come.", "Krishna is speaking"),
        ("KRISHNA (V.O.): Come.", "Krishna is speaking"),
        ("Come.", "They are speaking with each other"),
    ],
)
def test_the_speaker_is_found(dialogue: str, said: str) -> None:
    assert said in natural(two({"dialogue": dialogue}))


def test_a_voice_of_the_unseen_is_heard() -> None:
    cast = (builders.radha(), KRISHNA.model_copy(update={"visible": False}))
    assert "A voice is heard from outside the frame" in natural(two({"dialogue": "Krishna: Come."}, cast))


def test_landmarks_come_before_everything_else_of_the_place() -> None:
    text = natural(event())
    assert "The old banyan with hanging roots: this is Vrindavan Forest." in text
    assert text.index("old banyan") < text.index("Sacred forest")


def test_angle_movement_framing_lens_and_focus_reach_the_prompt() -> None:
    shot = builders.shot(
        camera_angle="dutch", camera_movement="crane", framing="pov", lens_mm=85, focus="deep", composition="symmetry"
    )
    text = natural(event(shot))
    for words in (
        "tilted Dutch angle",
        "on a crane",
        "through the eyes of",
        "an 85 mm long lens",
        "deep focus",
        "strict symmetry",
    ):
        assert words in text


def test_start_and_end_frames_show_the_states_of_the_movement() -> None:
    shot = builders.shot(camera_movement="push-in", frames="start-end")
    assert "first frame of a push-in, the camera still further back" in natural(event(shot, role=0))
    assert "last frame of a push-in, the camera now closer" in natural(event(shot, role=1))


def test_light_is_worded_from_its_numbers() -> None:
    assert "a moderate, warm key light of about 3200 K from behind" in natural(event())


def test_a_single_with_two_people_is_dropped_with_the_reason() -> None:
    rendered = built(two({"framing": "single"})).prompt_for(Dialect.NATURAL)
    assert "clean single" not in rendered.prompt
    assert [(item.kind, item.reason) for item in rendered.dropped] == [
        ("framing", "a single holds one character, 2 are in the frame")
    ]


def test_props_are_worded_with_their_owner_and_without_hex() -> None:
    flute = PropConditioning(
        prop_id="flute", bible_version=2, bible_digest="0" * 64, name="flute", description="bamboo flute",
        materials=("bamboo",), colours=("#6e4628",), owner_id="radha",
    )  # fmt: skip
    assert "In shot: Radha's flute, bamboo flute, brown." in natural(event(props=(flute,)))


def test_continuity_says_that_the_frames_match() -> None:
    frame = ContinuityFrame(
        shot_id="sh0005", frame_role=FrameRole.SINGLE, reason="continuity_from", asset=builders.asset("g")
    )
    made = built(event(continuity=(frame,)))
    assert "This frame matches the previous frame" in made.prompt_for(Dialect.NATURAL).prompt
    assert "sh0005" not in made.prompt_for(Dialect.NATURAL).prompt
    assert any(fact.source.startswith("continuity:sh0005/single") for fact in made.facts)


def test_a_prompt_by_hand_goes_ahead_and_keeps_its_emphasis() -> None:
    shot = builders.shot(prompt="(red silk sari:1.3), backlit dust")
    assert natural(event(shot)).startswith("(red silk sari:1.3), backlit dust. Close-up")
    assert tags(event(shot)).prompt.startswith("(red silk sari:1.3), backlit dust, 1 character")


def test_style_guide_and_period_reach_the_prompt() -> None:
    text = natural(event(project={"style_guide": "Amber and teal throughout.", "period": "Braj, 5th century BCE"}))
    assert "Amber and teal throughout." in text
    assert "Period and culture: Braj, 5th century BCE." in text


def test_mood_words_faces_unless_the_shot_plans_them() -> None:
    assert "relaxed brow" in natural(event())
    assert "relaxed brow" not in natural(event(cast=(builders.radha(expression="weeping"),)))


def test_a_known_action_adds_its_posture() -> None:
    assert "Radha walks ahead, caught mid-stride." in natural(event(cast=(builders.radha(action="walks ahead"),)))


def test_a_sound_is_no_picture_and_listed() -> None:
    rendered = built(
        event(location=builders.forest(atmosphere={"sound": "a far flute", "haze": "pollen in the light"}))
    )
    for item in rendered.prompts:
        assert "far flute" not in item.prompt
        assert ("atmosphere", "sound a far flute", "no picture shows it") in {
            (fact.kind, fact.text, fact.reason) for fact in item.dropped
        }
    assert "In the air: pollen in the light." in rendered.prompt_for(Dialect.NATURAL).prompt


def test_first_tags_of_all_facts_come_before_second_ones() -> None:
    shot = builders.shot(prompt="", description="One, two, three, four, five, six, seven, eight, nine, ten, eleven")
    text = tags(event(shot)).prompt
    assert "Vrindavan Forest" in text
    assert "dusk" in text


def test_costume_pieces_are_named_once() -> None:
    costume = Costume(
        costume_id="sari",
        description="red silk sari with gold border",
        garments=(Garment(name="silk sari", colour="red"), Garment(name="shawl", colour="#0a0a0a")),
    )
    text = natural(event(cast=(builders.radha(costume=costume),)))
    assert "dressed in red silk sari with gold border, black shawl." in text


def test_trigger_words_stand_beside_the_name() -> None:
    member = builders.radha(loras=(Lora(lora_id="l1", trigger_words=("ohwx woman",)),))
    assert "Radha (ohwx woman), Divine" in natural(event(cast=(member,)))
    assert "ohwx woman" in tags(event(cast=(member,))).prompt


def test_tags_are_weighted_and_hold_no_sentences() -> None:
    text = tags(event()).prompt
    assert "(Radha, long black hair, dark brown eyes:1.2)" in text
    assert ". " not in text


def test_tags_stay_in_the_budget_and_list_what_had_no_room() -> None:
    rendered = tags(two())
    bare = re.sub(r":[\d.]+\)|[()]", "", rendered.prompt)
    assert estimate(bare) <= CLIP_BUDGET
    assert {item.reason for item in rendered.dropped} == {"75-token budget"}
    assert "quality" in {item.kind for item in rendered.dropped}


def test_identity_survives_an_enormous_shot() -> None:
    shot = {"description": "word " * 700, "action": "doing " * 600, "prompt": "by hand, " * 400}
    text = tags(two(shot)).prompt
    for identity in ("Radha, long black hair, dark brown eyes", "Krishna, A cowherd with blue skin, curly hair"):
        assert identity in text


def test_brackets_in_planned_text_are_no_emphasis() -> None:
    member = builders.radha(appearance={"hair": "(black:2.0) hair"})
    assert r"\(black:2.0\) hair" in tags(event(cast=(member,))).prompt


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{subject}", "{% raw %}", "${HOME}", "{0.__class__}", "%s %(x)s"])
def test_text_that_looks_like_a_template_is_text(text: str) -> None:
    shot = builders.shot(description=f"A sign reads {text} here")
    overridden = {"templates": (TemplateOverride(table="style", key="cinematic", text="after {action}: film"),)}
    words = natural(event(shot, project=overridden))
    assert f"A sign reads {text} here" in words
    assert "49" not in words


def test_an_override_with_slots_words_the_shot() -> None:
    override = TemplateOverride(table="style", key="kalamkari", text="kalamkari cloth of {subject} at {location}")
    text = natural(event(builders.shot(style="kalamkari"), project={"templates": (override,)}))
    assert "Kalamkari cloth of Radha at Vrindavan Forest" in text


def test_negatives_come_from_retake_shot_project_and_style_in_that_order() -> None:
    shot = builders.shot(negative_prompt="umbrellas", style="anime")
    retake = RetakeInstruction(reason="r", avoid=("extra hands",))
    made = built(event(shot, project={"negative_prompt": "cars, Umbrellas"}), take=2, retake=retake)
    for dialect in Dialect:
        negative = made.prompt_for(dialect).negative_prompt
        assert negative.startswith("extra hands, umbrellas, cars, photograph, photorealistic")


def test_a_retake_strengthens_and_carries_the_note() -> None:
    retake = RetakeInstruction(reason="dark", strengthen=("lighting", "identity"), note="Warmer, please")
    first, second = built(event()), built(event(), take=2, retake=retake)
    assert second.retake == retake
    assert second.take == 2
    assert second.event_id != first.event_id
    weights = {fact.kind: fact.weight for fact in second.facts}
    assert (weights["lighting"], weights["identity"]) == (1.2, 1.44)
    kinds = [fact.kind for fact in second.facts]
    assert kinds.index("lighting") < kinds.index("description")
    sentences, tagged = (second.prompt_for(dialect).prompt for dialect in Dialect)
    assert sentences.startswith("Change from the last take: Warmer, please.")
    assert "Most important: Golden-hour light" in sentences
    assert sentences.index("Golden-hour light") < sentences.index("Radha walks through")
    assert tagged.startswith("(Warmer, please:1.2)")
    assert "(golden hour light:1.2)" in tagged


def test_a_kind_to_strengthen_that_the_frame_lacks_is_listed() -> None:
    made = built(event(), take=2, retake=RetakeInstruction(reason="r", strengthen=("props",)))
    assert [(item.kind, item.reason) for item in made.prompt_for(Dialect.NATURAL).dropped] == [
        ("props", "to be strengthened, but this frame has no such fact")
    ]


def test_an_enormous_fact_is_cut_and_the_rest_listed() -> None:
    features = {f"part {number}": f"feature number {number} of the armour" for number in range(60)}
    rendered = built(event(cast=(builders.radha(appearance=features),))).prompt_for(Dialect.NATURAL)
    cut = [item for item in rendered.dropped if item.kind == "identity"]
    assert [item.reason for item in cut] == ["longer than 1200 characters: cut"]
    assert "feature number 0" in rendered.prompt
    assert "feature number 59" in cut[0].text


def test_the_largest_shot_stays_within_every_limit() -> None:
    long = "x" * 4000
    cast = tuple(
        builders.radha(
            character_id=f"c{number}",
            name="n" * 200,
            description=long,
            appearance={f"k{key}": "v" * 500 for key in range(64)},
            changing={f"c{key}": "w" * 500 for key in range(64)},
            action="a" * 500,
        )
        for number in range(24)
    )
    shot = builders.shot(
        cast=tuple(member.character_id for member in cast),
        description=long,
        action=long,
        prompt=long,
        negative_prompt=long,
    )
    made = built(event(shot, cast=cast, project={"style_guide": long, "period": long, "negative_prompt": long}))
    assert len(made.prompt_for(Dialect.NATURAL).prompt) <= 32_000
    assert len(made.model_dump_json()) < 4_000_000


def test_unknown_words_reject_the_shot_with_the_closest_first() -> None:
    shot = builders.shot(style="noirr", mood="peacefull", lighting="moon-glow")
    refused = build(event(shot), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert refused.stage == "prompt-builder"
    told = {problem.field: problem for problem in refused.problems}
    assert set(told) == {"shot.style", "shot.mood", "shot.lighting"}
    assert told["shot.style"].allowed.startswith("noir (did you mean this?), ")
    assert told["shot.style"].code == "unknown-style"
    assert "golden-hour" in told["shot.lighting"].allowed


def test_the_projects_style_is_named_as_such() -> None:
    refused = build(event(project={"style": "cubist"}), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert [problem.field for problem in refused.problems] == ["project.style"]


def test_both_frames_of_a_shot_are_refused_once() -> None:
    shot = builders.shot(style="cubist", frames="start-end")
    refusals = {build(event(shot, role=role), TEMPLATES).event_id for role in (0, 1)}
    assert len(refusals) == 1


@pytest.mark.parametrize(
    ("override", "field", "code"),
    [
        (("stlye", "x", "y"), "project.templates.0.table", "unknown-template-table"),
        (("shot-size", "huge", "y"), "project.templates.0.key", "unknown-template-key"),
        (("style", "x", "in {locaton}"), "project.templates.0.text", "unknown-slot"),
    ],
)
def test_an_override_that_can_not_be_used_is_refused(override: tuple[str, str, str], field: str, code: str) -> None:
    table, key, text = override
    templates = (TemplateOverride(table=table, key=key, text=text),)
    refused = build(event(project={"templates": templates}), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert [(problem.field, problem.code) for problem in refused.problems] == [(field, code)]


def test_a_refusal_carries_the_digest_of_what_was_planned() -> None:
    planned = ShotPlanned(project=builders.project(), shot=builders.shot(style="cubist"))
    refused = build(builders.location_conditioned(runs_of(planned)[0]), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert refused.content_digest == planned.digest
