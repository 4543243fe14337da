"""Requests for images, as the orchestrator would send them."""

from typing import Any

from schemas.bible import Costume, Garment
from schemas.conditioning import (
    CharacterConditioning,
    LightParameters,
    LocationConditioning,
    PropConditioning,
    SeedChoice,
)
from schemas.generation import GenerationRequested
from schemas.project import ProjectSettings
from schemas.run import RunContext
from schemas.shot import Shot
from schemas.vocabulary import CharacterType, Dialect, Facing, Season, TimeOfDay, Weather

DIGEST = "0" * 64


def a_seed(value: int = 7) -> SeedChoice:
    return SeedChoice(value=value, policy="shot", derived_from="a test")


def a_character(character_id: str = "radha", **changes: Any) -> CharacterConditioning:
    values: dict[str, Any] = {
        "character_id": character_id,
        "bible_version": 1,
        "bible_digest": DIGEST,
        "name": character_id.title(),
        "character_type": CharacterType.MAIN,
        "visible": True,
        "description": "a young woman",
        "appearance": {"hair": "long black hair", "skin": "warm brown", "eyes": "dark brown"},
        "changing": {"injury": "cut over the left eye"},
        "costume": Costume(costume_id="festival", garments=(Garment(name="sari", colour="red"),)),
        "costume_source": "scene",
        "action": "walks along the river",
        "expression": "smiling",
        "facing": Facing.FRONT,
        "seed": a_seed(11),
    }
    return CharacterConditioning(**{**values, **changes})


def a_location(**changes: Any) -> LocationConditioning:
    values: dict[str, Any] = {
        "location_id": "ghat",
        "bible_version": 1,
        "bible_digest": DIGEST,
        "name": "River ghat",
        "description": "stone steps down to a river",
        "location_type": "exterior",
        "landmarks": ("banyan tree", "stone bridge"),
        "environment": {"palette": ("ochre", "green")},
        "atmosphere": {},
        "time_of_day": TimeOfDay.DUSK,
        "weather": Weather.CLEAR,
        "season": Season.SUMMER,
        "light": LightParameters(
            colour_temperature_k=3500, intensity=0.6, direction="side", contrast=1.0, saturation=1.0
        ),
        "seed": a_seed(13),
    }
    return LocationConditioning(**{**values, **changes})


def a_prop(**changes: Any) -> PropConditioning:
    values: dict[str, Any] = {
        "prop_id": "flute",
        "bible_version": 1,
        "bible_digest": DIGEST,
        "name": "flute",
        "description": "a bamboo flute",
        "materials": ("bamboo",),
        "colours": ("gold",),
        "owner_id": "radha",
    }
    return PropConditioning(**{**values, **changes})


def a_run(project: dict[str, Any] | None = None, shot: dict[str, Any] | None = None, **changes: Any) -> RunContext:
    shot_values = {"shot_id": "sh0020", "code": "SEQ010_SH0020", "scene_id": "sc010", "description": "By the river"}
    return RunContext(
        project=ProjectSettings(**{"project_id": "vrindavan", "title": "Vrindavan", **(project or {})}),
        shot=Shot(**{**shot_values, **(shot or {})}),
        **{"revision": 1, **changes},
    )


def a_request(run: RunContext | None = None, **changes: Any) -> GenerationRequested:
    values: dict[str, Any] = {
        "run": run or a_run(),
        "cast": (a_character(),),
        "seed": a_seed(),
        "location": a_location(),
        "props": (a_prop(),),
        "provider": "previz",
        "model": "previz",
        "take": 1,
        "attempt": 1,
        "dialect": Dialect.NATURAL,
        "prompt": "A woman by a river at dusk",
        "width": 320,
        "height": 180,
        "seed_to_send": 7,
        "estimated_cost_usd_micros": 0,
        "template_version": "1",
    }
    return GenerationRequested(**{**values, **changes})
