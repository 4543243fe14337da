"""Bibles that mislead: each person is told by the same words in every shot, and nobody by another's."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.bible import Character, Prop
from schemas.conditioning import LocationConditioned
from schemas.prompt import PromptBuilt, RenderedPrompt
from schemas.vocabulary import Dialect, FrameRole
from services.engine import Entries
from services.engine.settling import settled
from services.location_conditioning.adapters.template_file import load_templates
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.domain import build
from tests.fakes.conditioning import location, planned

TEMPLATES, PLACES = shipped_templates(), load_templates()
YARD = location("yard", name="Yard", landmarks=["an iron pump"], time_of_day="dusk", weather="rain", season="winter")
PROPS = [Prop(id=f"p{n}", name=f"Brass thing {n}", description="a small brass thing on a chain") for n in range(40)]
Cast = dict[str, dict[str, Any]]


def who(name: str, description: str = "A person.", **appearance: str) -> dict[str, Any]:
    return {"name": name, "description": description, "appearance": appearance}


HOSTILE: dict[str, Cast] = {
    "one name": {"c1": who("John", hair="red"), "c2": who("John", hair="white")},
    "common words": {"c1": who("Rain", hair="black"), "c2": who("Rose", hair="blond")},
    "names in names": {"c1": who("Ann", hair="brown"), "c2": who("Anna", hair="grey")},
    "other scripts": {"c1": who("李小龙", hair="black"), "c2": who("Ольга", hair="fair")},
    "twins": {"c1": who("Mia", hair="blond"), "c2": who("Lea", hair="blond")},
    "ages": {"c1": who("Young Paul", age="8"), "c2": who("Old Paul", age="60")},
    "an animal": {"c1": who("Bruno", species="German shepherd"), "c2": who("Ben")},
    "a crowd": {"c1": who("Crowd", "forty farmers"), "c2": who("Ben", hair="red")},
    "never described": {"c1": who("Zed", "Zed"), "c2": who("Nobody")},
}
SHOTS: Sequence[dict[str, Any]] = (
    {"cast": ["c1", "c2"], "weather": "snow"},
    {"cast": ["c1", {"character_id": "c2", "visible": False}], "shot_size": "close-up", "time_of_day": "noon"},
    {"cast": [{"character_id": "c1", "action": "runs", "expression": "afraid"}], "shot_size": "wide", "mood": "tense"},
)


def frame(bible: Cast, /, **shot: Any) -> LocationConditioned:
    entries = {key: Character.model_validate({"id": key, "description": "A person.", **c}) for key, c in bible.items()}
    known = Entries.by_key(entries, {"yard": YARD}, {prop.id: prop for prop in PROPS})
    return settled(planned(location_id="yard", **shot), known, FrameRole.SINGLE, {}, PLACES)


def prompts(bible: Cast, /, **shot: Any) -> PromptBuilt:
    made = build(frame(bible, **shot), TEMPLATES)
    assert isinstance(made, PromptBuilt)
    return made


def least(made: PromptBuilt) -> RenderedPrompt:
    """The wording of one chunk."""
    return [item for item in made.prompts if item.dialect is Dialect.TAGS][-1]


def identities(made: PromptBuilt) -> list[str]:
    return [fact.text for fact in made.facts if fact.kind == "identity"]


@pytest.mark.parametrize("bible", HOSTILE)
def test_a_person_is_told_by_the_same_words_in_every_shot_and_wording(bible: str) -> None:
    made = [prompts(HOSTILE[bible], **shot) for shot in SHOTS]
    both, *alone = (identities(one) for one in made)
    assert alone == [both[:1], both[:1]]
    assert len({text.casefold() for text in both}) == 2
    for one in made:
        for rendered in one.prompts:
            assert [item for item in rendered.dropped if item.kind == "identity"] == []


@pytest.mark.parametrize("bible", HOSTILE)
def test_nobody_who_is_out_of_the_frame_is_told_of(bible: str) -> None:
    (_, *alone) = (prompts(HOSTILE[bible], **shot) for shot in SHOTS)
    other = HOSTILE[bible]["c2"]
    words = {other["name"], *other.get("appearance", {}).values()} - {HOSTILE[bible]["c1"]["name"]}
    words -= set(HOSTILE[bible]["c1"].get("appearance", {}).values())
    for made in alone:
        for rendered in made.prompts:
            assert [word for word in words if f" {word} " in f" {rendered.prompt} "] == []


def test_two_people_of_one_name_are_called_one_after_the_other() -> None:
    made = prompts(HOSTILE["one name"], **SHOTS[0])
    assert "of John and the second John from" in made.prompts[0].prompt
    assert "John has red hair" in made.prompts[0].prompt
    assert "The second John has white hair" in made.prompts[0].prompt
    assert "(the second John, white hair:1.2)" in least(made).prompt


def test_of_whom_no_feature_is_listed_the_description_is_told_first() -> None:
    assert "(Crowd, forty farmers:1.2)" in least(prompts(HOSTILE["a crowd"], **SHOTS[0])).prompt


def test_an_age_of_the_shot_takes_the_place_of_the_bibles_and_other_changes_stand_beside() -> None:
    cast = {"c1": who("Vera", hair="black", age="30")}
    made = prompts(cast, cast=[{"character_id": "c1", "changing": {"age": "60", "hair": "wet"}}])
    assert identities(made) == ["Vera: black hair, aged 60"]
    for rendered in made.prompts:
        assert "aged 60" in rendered.prompt
        assert "wet hair" in rendered.prompt
        assert "aged 30" not in rendered.prompt
        assert ("changing", "Vera: aged 30") in [(item.kind, item.text) for item in rendered.dropped]


def test_the_costume_is_that_of_the_shot_and_of_no_other() -> None:
    wardrobe = [
        {"costume_id": "gown", "description": "green gown", "scenes": ["SC010"]},
        {"costume_id": "black", "description": "black catsuit"},
    ]
    cast: Cast = {"c1": {"name": "Kim", "wardrobe": wardrobe}}
    worn = [prompts(cast, cast=[{"character_id": "c1", "costume_id": one}]) for one in (None, "black")]
    for made, is_in, is_out in zip(worn, ("green gown", "black catsuit"), ("black catsuit", "green gown"), strict=True):
        for rendered in made.prompts:
            assert is_in in rendered.prompt
            assert is_out not in rendered.prompt


def test_time_weather_and_season_survive_more_props_than_have_room() -> None:
    rendered = least(prompts(HOSTILE["a crowd"], cast=["c2"], props=[f"p{n}" for n in range(32)]))
    assert [word for word in ("dusk", "rain", "winter") if word not in rendered.prompt.split(", ")] == []
    assert len([item for item in rendered.dropped if item.kind == "props"]) >= 30
