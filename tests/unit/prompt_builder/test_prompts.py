"""What a shot's prompts say, in both dialects."""

import re

import pytest

from schemas.bible import Costume, Garment, Lora
from schemas.conditioning import (
    ContinuityFrame,
    LocationConditioned,
    PropConditioning,
)
from schemas.project import TemplateOverride
from schemas.vocabulary import Dialect, Facing, FrameRole
from tests import builders
from tests.unit.prompt_builder.worded import KRISHNA, built, event, natural, tagged, tags, two


def test_it_reads_like_sentences() -> None:
    text = natural(event())
    assert text.startswith("A cinematic film still with filmic colour and natural grain. Close-up of Radha, the face")
    assert "has long black hair and dark brown eyes. Radha wears traditional Indian attire" in text
    assert "It is dusk, the last light fading, in high summer, in clear weather." in text
    assert text.count(",") < len(text) / 25
    assert 600 < len(text) < 1600
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
    radha, krishna = text.index("Radha, divine"), text.index("Krishna is a cowherd")
    assert radha < text.index("dark brown eyes") < krishna < text.index("curly hair") < text.index("yellow dhoti")
    assert "framed as a two-shot" in text
    assert "There are two characters in the frame." in text


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
    assert "Extreme wide shot of Vrindavan Forest" in text
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
    assert "The setting is Vrindavan Forest, with the old banyan with hanging roots." in text
    assert text.index("old banyan") < text.index("Sacred forest")


def test_angle_movement_framing_lens_and_focus_reach_the_prompt() -> None:
    shot = builders.shot(
        camera_angle="dutch", camera_movement="crane", framing="pov", lens_mm=85, focus="deep", composition="symmetry"
    )
    text = natural(event(shot))
    for words in (
        "on a Dutch angle, the horizon tilted",
        "riding a crane",
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
    assert "The key light is moderate and warm, about 3200 K, from behind" in natural(event())


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
    assert natural(event(shot)).startswith("(red silk sari:1.3), backlit dust. A cinematic")
    whole, short = tagged(event(shot))
    assert ":1.2), (red silk sari:1.3), backlit dust, " in whole.prompt
    assert short.prompt.startswith("(red silk sari:1.3), backlit dust, 1 character")


def test_style_guide_and_period_reach_the_prompt() -> None:
    text = natural(event(project={"style_guide": "Amber and teal throughout.", "period": "Braj, 5th century BCE"}))
    assert "Amber and teal throughout." in text
    assert "Period and culture: Braj, 5th century BCE." in text


def test_mood_words_faces_unless_the_shot_plans_them() -> None:
    assert "relaxed brow" in natural(event())
    assert "relaxed brow" not in natural(event(cast=(builders.radha(expression="weeping"),)))


def test_a_known_action_adds_its_posture() -> None:
    assert "Radha walks ahead, caught mid-stride, a relaxed brow" in natural(
        event(cast=(builders.radha(action="walks ahead"),))
    )


def test_a_sound_is_no_picture_and_listed() -> None:
    rendered = built(
        event(location=builders.forest(atmosphere={"sound": "a far flute", "haze": "pollen in the light"}))
    )
    for item in rendered.prompts:
        assert "far flute" not in item.prompt
        assert ("atmosphere", "sound a far flute", "no picture shows it") in {
            (fact.kind, fact.text, fact.reason) for fact in item.dropped
        }
    assert "The air and sky: pollen in the light." in rendered.prompt_for(Dialect.NATURAL).prompt


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
    assert "wears a red silk sari with gold border and a black shawl." in text


def test_a_piece_that_the_costume_describes_anew_is_told_once_and_listed() -> None:
    costume = Costume(
        costume_id="sari",
        description="plain white sari with ochre border",
        garments=(Garment(name="white cotton sari with ochre border"), Garment(name="shawl", colour="red")),
    )
    rendered = built(event(cast=(builders.radha(costume=costume),))).prompt_for(Dialect.NATURAL)
    assert "wears a plain white sari with ochre border and a red shawl." in rendered.prompt
    assert "the costume's description says it" in {item.reason for item in rendered.dropped}


def test_over_a_shoulder_the_camera_is_close_to_the_other_face() -> None:
    cast = (builders.radha(facing="back"), KRISHNA)
    text = natural(two({"framing": "over-the-shoulder", "shot_size": "close-up"}, cast))
    assert "Close-up of Krishna, the face filling the frame, shot over the shoulder of Radha, who is soft" in text


def test_an_insert_shows_the_thing() -> None:
    ring = PropConditioning(prop_id="ring", bible_version=1, bible_digest="0" * 64, name="Signet ring", description="")
    text = natural(event(builders.shot(shot_size="insert", framing="insert"), props=(ring,)))
    assert "Insert shot of a signet ring, close enough to read its surface" in text
    assert "long black hair" in text


def test_a_place_is_named_within_the_sentence() -> None:
    text = natural(event(builders.shot(cast=()), cast=(), location=builders.forest(name="The Hollow")))
    assert "The setting is the Hollow" in text
    assert "The Hollow" not in text


def test_a_face_that_is_turned_away_has_no_expression_and_that_is_listed() -> None:
    behind = builders.radha(facing=Facing.BACK, expression="", changing={"expression": "a tight smile"})
    for member in (behind, behind.model_copy(update={"expression": "a tight smile"})):
        for rendered in built(event(cast=(member,))).prompts:
            assert "tight smile" not in rendered.prompt
            assert [item.reason for item in rendered.dropped if "tight smile" in item.text][:1] in (
                ["seen from behind, no face shows"],
                ["the shot plans another"],
            )


def test_what_somebody_does_is_not_held_still_by_the_mood() -> None:
    cast = (builders.radha(action="dances in a ring", expression=""),)
    shot = builders.shot(mood="awestruck")
    text = natural(event(shot, cast=cast))
    assert "wide eyes and parted lips" in text
    assert "gone still" not in text
    assert "gone still" in natural(event(shot, cast=(builders.radha(action="", expression=""),)))


def test_trigger_words_stand_beside_the_name() -> None:
    member = builders.radha(loras=(Lora(lora_id="l1", trigger_words=("ohwx woman",)),))
    assert "Radha (ohwx woman), divine" in natural(event(cast=(member,)))
    assert "ohwx woman" in tags(event(cast=(member,))).prompt


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


def wordy(lanterns: int = 15) -> LocationConditioned:
    """A shot of which the planner has told more than 2,000 characters."""
    story = ", ".join(f"the {number}th lantern swings over the wet stones" for number in range(lanterns))
    return two({"description": f"Radha and Krishna meet, {story}", "action": f"they talk {'quietly ' * 60}"})


def test_models_that_take_fewer_characters_get_shorter_sentences_with_every_loss_listed() -> None:
    made = built(wordy())
    whole, weighted, short, shorter, one_chunk = made.prompts
    assert [item.dialect.value for item in made.prompts] == ["natural", "tags", "natural", "natural", "tags"]
    assert len(one_chunk.chunks) == 1 < len(weighted.chunks)
    assert len(whole.prompt) > 2000 >= len(short.prompt) > 1500 >= len(shorter.prompt)
    assert whole.dropped == ()
    assert weighted.prompt
    assert {fact.reason for fact in short.dropped} == {"2000-character limit"}
    assert {fact.reason for fact in shorter.dropped} == {"1500-character limit"}
    assert made.prompt_for(Dialect.NATURAL) is whole


def test_one_long_fact_that_has_to_go_takes_no_other_with_it() -> None:
    short = built(wordy(60)).prompts[2]
    assert [fact.kind for fact in short.dropped] == ["description"]


def test_who_is_in_the_frame_survives_in_the_shortest_sentences() -> None:
    shortest = built(wordy()).prompts[-2].prompt
    assert "Radha" in shortest
    assert "Krishna" in shortest
    assert "blue skin" in shortest


def test_a_lens_and_a_source_of_light_are_worded_beside_focal_length_and_set_up() -> None:
    text = natural(event(builders.shot(lens="anamorphic", lens_mm=40, lighting="side", light_source="tungsten")))
    assert "Shot on a 40 mm anamorphic lens with oval bokeh" in text
    assert "lit by light from one side, the far half falling away and warm tungsten light" in text
    assert "3200 K" not in text


def test_what_must_not_show_is_told_as_what_is_there_to_models_without_negative_prompts() -> None:
    project = {"negative_prompt": "wristwatch"}
    rendered = built(event(builders.shot(dialogue="Come."), project=project)).prompts[0]
    assert rendered.negative_folded.startswith("Keep out of the frame: wristwatch. It is live action, photographed")
    assert "Speech shows on the lips alone." in rendered.negative_folded
    assert "watermark" not in rendered.negative_folded


def test_a_prompt_that_every_model_takes_is_worded_once_in_sentences() -> None:
    prompts = built(event()).prompts
    assert [item.dialect for item in prompts] == [Dialect.NATURAL, Dialect.TAGS, Dialect.TAGS]
    assert [len(item.chunks) for item in prompts[1:]] == [3, 1]
