"""A film plan's mistakes: each named with its place, its field, its value and what is allowed."""

import json
from textwrap import dedent

import pytest

from schemas.shot import Shot
from services.cli.plan_reading import PlanError, Reading, as_json, load_plan, plan_events, read_plan
from services.cli.plan_text import MAX_BYTES
from services.cli.plan_tree import Mistake

GOOD = dedent("""\
    film_plan: 1
    project: {project_id: film, title: A film}
    bible:
      characters:
        - id: radha
          name: Radha
          description: A dancer.
          wardrobe:
            - {costume_id: red, scenes: [s1]}
            - {costume_id: blue}
      locations:
        - {id: forest, name: Forest, description: Trees., location_type: forest}
      props:
        - {id: flute, name: Flute, description: Bamboo.}
    sequences:
      - sequence_id: q1
        scenes:
          - scene_id: s1
            location_id: forest
            time_of_day: dusk
            shots:
              - shot_id: a
                description: She walks.
                cast: [radha]
              - shot_id: b
                description: She stops.
                continuity_from: a
    """)

SCENE = "sequences[0].scenes[0]"
SHOTS = f"{SCENE}.shots"
WARDROBE = "bible.characters[0].wardrobe"


def read(text: str) -> Reading:
    return read_plan(text.encode())


def only(text: str) -> Mistake:
    mistakes = read(text).mistakes
    assert len(mistakes) == 1, [mistake.located("f") for mistake in mistakes]
    return mistakes[0]


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} must name one place"
    return GOOD.replace(old, new)


def test_a_good_plan_is_read_and_shots_inherit_from_their_scene() -> None:
    plan = read(GOOD).plan
    assert plan is not None
    first, second = plan.shots
    assert (first.scene_id, first.sequence_id, first.location_id) == ("s1", "q1", "forest")
    assert (first.time_of_day, second.story_order, second.shot_number) == ("dusk", 1, 20)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "said"),
    [
        ("id: radha\n", "id: radha/1\n", 5, "bible.characters[0].id", "letters, digits"),
        ("title: A film", "title: 1984", 2, "project.title", "in quotes"),
        ("title: A film", "title: A film, width: 12", 2, "project.width", "a number from 64"),
        ("title: A film", "title: A film, fps: .inf", 2, "project.fps", "a number"),
        ("time_of_day: dusk", "time_of_day: dusky", 20, f"{SCENE}.time_of_day", "did you mean 'dusk'?"),
        ("description: She walks.", "note: x", 22, f"{SHOTS}[0].description", "missing"),
        ("description: A dancer.", 'description: "a\\x07b"', 7, "bible.characters[0].description", "U+0007"),
        ("id: flute, name", "id: flute, owner_id: rada, name", 14, "bible.props[0].owner_id", "did you mean 'radha'?"),
        ("cast: [radha]", "cast: [radah]", 24, f"{SHOTS}[0].cast[0]", "did you mean 'radha'?"),
        ("cast: [radha]", "cast: [radha, radha]", 24, f"{SHOTS}[0].cast[1]", "line 24"),
        ("cast: [radha]", "cast: []\n            location_id: sea", 25, f"{SHOTS}[0].location_id", "forest"),
        ("cast: [radha]", "props: [drum]", 24, f"{SHOTS}[0].props[0]", "allowed is one of flute"),
        ("cast: [radha]", "width: 640", 24, f"{SHOTS}[0].width", "both or neither"),
        ("cast: [radha]", "story_order: 7", 24, f"{SHOTS}[0].story_order", "allowed is 0"),
        ("cast: [radha]", "scene_id: s2", 24, f"{SHOTS}[0].scene_id", "allowed is s1"),
        ("continuity_from: a", "continuity_from: z", 27, f"{SHOTS}[1].continuity_from", "no such shot"),
        ("continuity_from: a", "continuity_from: b", 27, f"{SHOTS}[1].continuity_from", "b ← b"),
        ("shot_id: b", "shot_id: a", 25, f"{SHOTS}[1].shot_id", "before in line 22"),
        ("costume_id: blue", "costume_id: red", 10, f"{WARDROBE}[1].costume_id", "before in line 9"),
        ("{costume_id: blue}", "{costume_id: blue, scenes: [s1]}", 10, f"{WARDROBE}[1].scenes[0]", "one costume"),
        ("scenes: [s1]", "scenes: [s9]", 9, f"{WARDROBE}[0].scenes[0]", "allowed is one of s1"),
        ("location_id: forest", "location_id: wood", 19, f"{SCENE}.location_id", "allowed is one of forest"),
        ("name: Radha", "nmae: Radha\n      name: R", 6, "bible.characters[0].nmae", "did you mean 'name'?"),
        ("name: Radha", "name: Radha\n      name: R", 7, "bible.characters[0].name", "first in line 6"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_line_field_and_what_is_allowed(
    old: str, new: str, line: int, field: str, said: str
) -> None:
    mistakes = read(changed(old, new)).mistakes
    found = [mistake for mistake in mistakes if mistake.field == field]
    assert [mistake.line for mistake in found] == [line], [mistake.located("f") for mistake in mistakes]
    assert said in found[0].sentence()


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed("title: A film", "title: ''").replace("dusk", "dusky").replace("[radha]", "[nobody]")
    mistakes = read(text).mistakes
    assert [mistake.line for mistake in mistakes] == [2, 20, 24]


def test_a_wrong_word_of_a_scene_is_told_once_not_for_each_shot() -> None:
    assert only(changed("time_of_day: dusk", "time_of_day: 5 o'clock")).line == 20


def test_the_prototypes_names_are_read_and_their_mistakes_placed() -> None:
    text = changed("cast: [radha]", "shot_type: closeup\n            characters: [radha]\n            duration: 2")
    plan = read(text).plan
    assert plan is not None
    assert (plan.shots[0].shot_size, plan.shots[0].duration_s) == ("close-up", 2)
    wrong = only(text.replace("closeup", "close-upp"))
    assert (wrong.line, wrong.field) == (24, f"{SHOTS}[0].shot_type")


def test_one_fact_under_two_names_is_a_mistake() -> None:
    text = changed("cast: [radha]", "shot_type: wide\n            shot_size: medium")
    assert "says the same as `shot_size`" in only(text).sentence()


def test_a_cycle_of_continuity_names_every_shot_in_it() -> None:
    text = changed("cast: [radha]", "continuity_from: b")
    mistake = only(text)
    assert "a ← b ← a" in mistake.sentence()
    assert [place.line for place in mistake.related] == [27]


def test_a_plan_of_a_later_format_says_upgrade_and_nothing_else() -> None:
    mistake = only(changed("film_plan: 1", "film_plan: 2\nnew_thing: 1"))
    assert (mistake.code, mistake.line) == ("newer-version", 1)


@pytest.mark.parametrize(
    ("data", "line", "column", "code"),
    [
        (b"", 1, 1, "empty"),
        (b"film_plan: 1\nproject: {a: [1, 2\n", 3, 1, "not-yaml"),
        (b"film_plan: 1\n\tproject: x\n", 2, 1, "not-yaml"),
        (b'{"film_plan": 1,\n "project": "x" "y"}', 2, 17, "not-json"),
        (b"film_plan: 1\nproject: \xff\xfe\n", 2, 10, "not-utf-8"),
        ("film_plan: 1\n".encode("utf-16"), 1, 1, "not-utf-8"),
        (b"film_plan: 1\nproject: a\x07b\n", 2, 11, "control-character"),
        (b"film_plan: 1\n---\nfilm_plan: 1\n", 2, 1, "second-document"),
        (b"a: *b\n", 1, 4, "unknown-alias"),
        (b"a: &b [*b]\n", 1, 8, "unknown-alias"),
        (b"? {a: 1}\n: 2\n", 1, 3, "not-a-name"),
        (b"a: " + b"[" * 500, 1, 36, "too-deep"),
        (b'{"a": ' + b"[" * 500, 1, 39, "too-deep"),
        (b"x" * (MAX_BYTES + 1), 1, 1, "too-big"),
    ],
)
def test_text_that_is_no_plan_at_all_is_refused_with_its_place(data: bytes, line: int, column: int, code: str) -> None:
    mistakes = read_plan(data).mistakes
    assert [(mistake.line, mistake.column, mistake.code) for mistake in mistakes] == [(line, column, code)]


def test_aliases_that_grow_without_end_are_refused_before_memory_is_used_up() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert only("\n".join(levels)).code == "too-many-values"


def test_no_tag_makes_an_object() -> None:
    mistakes = read(changed("title: A film", "title: !!python/object/apply:os.getcwd []")).mistakes
    assert "tag" in {mistake.code for mistake in mistakes}


def test_an_alias_repeats_a_value_and_its_mistakes_stand_at_the_original() -> None:
    text = changed("{costume_id: red, scenes: [s1]}", "{costume_id: red, scenes: [s1], garments: &g [{name: ''}]}")
    mistakes = read(text.replace("{costume_id: blue}", "{costume_id: blue, garments: *g}")).mistakes
    assert {(mistake.field, mistake.line) for mistake in mistakes} == {
        (f"{WARDROBE}[0].garments[0].name", 9),
        (f"{WARDROBE}[1].garments[0].name", 9),
    }


def test_json_with_tabs_and_split_surrogates_is_read() -> None:
    plan = read(GOOD).plan
    assert plan is not None
    text = (
        plan.model_dump_json(exclude_unset=True).replace("She walks.", "She walks \\ud83c\\udf38").replace(",", ",\n\t")
    )
    again = read(text)
    assert again.plan is not None, again.mistakes
    assert again.plan.shots[0].description == "She walks 🌸"


def test_a_description_of_10000_characters_is_shown_short_with_its_length() -> None:
    mistake = only(changed("She walks.", "w" * 10_000))
    assert "(10,000 characters)" in mistake.value
    assert len(mistake.located("film.yaml")) < 250
    assert "up to 4,000 characters" in mistake.allowed


def test_a_bound_is_told_in_all_its_digits() -> None:
    mistake = only(changed("title: A film}", "title: A film, seed: 99999999999}"))
    assert mistake.allowed == "allowed is a number up to 4294967295"


def test_a_number_in_quotes_is_not_suggested_to_itself() -> None:
    mistake = only(changed("film_plan: 1", "film_plan: '1'"))
    assert (mistake.allowed, mistake.suggestion) == ("allowed is 1 without quotes", None)


def test_project_settings_that_fit_no_kafka_record_are_a_mistake() -> None:
    templates = "".join(f"\n    - {{table: mood, key: m{n}, text: {'x' * 3900}}}" for n in range(300))
    text = changed(
        "{project_id: film, title: A film}", f"\n  project_id: film\n  title: A film\n  templates:{templates}"
    )
    assert {mistake.code for mistake in read(text).mistakes} == {"too-big"}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (
            "title: A film}",
            f"title: A film, budget: {{max_cost_usd_micros: {2**63}}}}}",
            "project.budget.max_cost_usd_micros",
        ),
        ("name: Forest,", f"name: Forest, version: {10**30},", "bible.locations[0].version"),
        ("description: She stops.", f"revision: {2**63}\n            description: Stop.", f"{SHOTS}[1].revision"),
    ],
)
def test_a_number_that_could_be_published_and_never_read_is_a_mistake(old: str, new: str, field: str) -> None:
    mistake = only(changed(old, new))
    assert (mistake.field, mistake.code) == (field, "too-big")
    assert str(2**63 - 1) in mistake.allowed


def test_an_entry_of_the_bible_too_big_to_publish_is_a_mistake_before_anything_is_published() -> None:
    many = ", ".join(["x" * 500] * 1900)
    mistake = only(
        changed("description: Bamboo.}", "description: Bamboo.}").replace(
            "name: Radha\n", f"name: Radha\n      appearance: {{hair: [{many}]}}\n"
        )
    )
    assert (mistake.field, mistake.value, mistake.code) == ("bible.characters[0]", "radha", "too-big")


def test_load_plan_raises_with_one_line_per_mistake() -> None:
    with pytest.raises(PlanError, match=r"(?m)^film\.yaml:2:\d+: project\.width.*\nfilm\.yaml:24:"):
        load_plan(changed("title: A film", "title: A film, width: 1").replace("[radha]", "[x]").encode(), "film.yaml")


def test_a_readings_json_has_every_mistake_with_its_place() -> None:
    body = json.loads(as_json(read(changed("cast: [radha]", "cast: [radah]")), "film.yaml"))
    assert body["valid"] is False
    assert body["mistakes"][0]["suggestion"] == "radha"
    assert (body["mistakes"][0]["line"], body["mistakes"][0]["column"]) == (24, 20)


def test_an_events_shot_is_the_same_as_one_that_never_was_in_a_plan() -> None:
    plan = load_plan(GOOD.encode(), "film.yaml")
    _, shots = plan_events(plan)
    alone = Shot.model_validate(plan.shots[0].model_dump(mode="json", exclude={"revision"}))
    assert shots[0].shot == alone
    assert shots[0].shot.digest == alone.digest
