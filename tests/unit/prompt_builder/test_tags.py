"""What a shot's prompts say as tags: what has room in which chunk."""

from schemas.bible import Costume
from schemas.conditioning import PropConditioning
from services.prompt_builder.adapters.clip_vocabulary import clip_tokens
from services.prompt_builder.domain.building import MOST_CHUNKS
from services.prompt_builder.domain.tokens import CLIP_BUDGET
from tests import builders
from tests.unit.prompt_builder.worded import KRISHNA, event, tagged, tags, two


def test_tags_name_action_place_light_and_time_before_any_second_detail() -> None:
    shown = tags(two())
    for words in ("playing the flute", "Vrindavan Forest", "golden hour light", "dusk"):
        assert words in shown.prompt


def test_one_chunk_has_everybody_what_they_do_and_wear_where_and_when_before_any_second_detail() -> None:
    wordy = Costume(costume_id="c", description="red silk sari with a border of gold thread as broad as a hand")
    cast = tuple(
        builders.radha(character_id=f"c{n}", name=name, costume=wordy, action=f"{doing} by the water")
        for n, (name, doing) in enumerate((("Radha", "dances"), ("Lalita", "sings"), ("Maya", "waits")))
    )
    planned = {"cast": ("c0", "c1", "c2"), "framing": "group", "shot_size": "wide", "time_of_day": "dusk"}
    _, short = tagged(two(planned, cast))
    wanted = ["3 characters", "wide shot", "Radha", "Lalita", "Maya", "dances by", "sings by", "waits by"]
    wanted += ["red silk sari", "Vrindavan Forest", "dusk"]
    assert [words for words in wanted if words not in short.prompt] == []
    assert "gold thread" not in short.prompt


def test_the_thing_that_an_insert_shows_is_in_its_one_chunk_and_in_another_shot_gives_way() -> None:
    ring = PropConditioning(prop_id="ring", bible_version=1, bible_digest="0" * 64, name="Signet ring", description="")
    member = builders.radha(appearance={"hair": "long black hair, " * 9}, action="turns it in her fingers")
    shots = [builders.shot(shot_size=size, description="She reads it. " * 9) for size in ("insert", "wide")]
    insert, wide = (tagged(event(shot, cast=(member,), props=(ring,)))[1].prompt for shot in shots)
    assert "(Signet ring:1.2)" in insert
    assert "(Signet ring" not in wide


def test_tags_are_weighted_and_hold_no_sentences() -> None:
    text = tags(event()).prompt
    assert "(Radha, long black hair, dark brown eyes:1.2)" in text
    assert ". " not in text


def test_tags_stay_in_the_budget_of_each_chunk_and_list_what_had_no_room() -> None:
    whole, short = tagged(two())
    assert 1 < len(whole.chunks) <= MOST_CHUNKS
    assert len(short.chunks) == 1
    for chunk in (*whole.chunks, *short.chunks):
        assert clip_tokens().count("".join(piece.text for piece in chunk.pieces)) == chunk.tokens <= CLIP_BUDGET
    assert {item.reason for item in short.dropped} == {"75-token budget"}
    assert "quality" in {item.kind for item in short.dropped}


def test_a_fact_is_never_parted_between_two_chunks() -> None:
    member = builders.radha(costume=Costume(costume_id="c", description=", ".join(f"veil {n}" for n in range(30))))
    whole, _ = tagged(event(cast=(member,)))
    assert [chunk for chunk in whole.chunks if "veil" in "".join(piece.text for piece in chunk.pieces)][1:] == []


def test_who_is_in_the_frame_stands_in_the_first_chunk_whatever_was_written_by_hand() -> None:
    whole, _ = tagged(two({"prompt": ", ".join(f"golden dust {n}" for n in range(20))}))
    first = "".join(piece.text for piece in whole.chunks[0].pieces)
    assert first.startswith("2 characters, medium shot, upper body, Radha, long black hair")
    assert "Krishna" in first
    assert "golden dust 0, golden dust 1" in whole.prompt


def test_what_two_facts_say_alike_is_a_tag_once() -> None:
    cast = (builders.radha(action="dances"), KRISHNA.model_copy(update={"action": "dances"}))
    whole, _ = tagged(two(cast=cast))
    assert whole.prompt.count("flowing movement") == 1


def test_identity_survives_an_enormous_shot() -> None:
    shot = {"description": "word " * 700, "action": "doing " * 600, "prompt": "by hand, " * 400}
    text = tagged(two(shot))[1].prompt
    for identity in ("Radha, long black hair, dark brown eyes", "Krishna, A cowherd with blue skin, curly hair"):
        assert identity in text


def test_brackets_in_planned_text_are_no_emphasis() -> None:
    member = builders.radha(appearance={"hair": "(black:2.0) hair"})
    assert r"\(black:2.0\) hair" in tags(event(cast=(member,))).prompt
