"""Conditioned shots and their prompts for the tests beside."""

from typing import Any

from schemas.bible import Costume
from schemas.conditioning import (
    CharacterConditioning,
    LocationConditioned,
)
from schemas.project import ProjectSettings
from schemas.prompt import PromptBuilt, RenderedPrompt
from schemas.run import RunContext, runs_of
from schemas.shot import Shot, ShotPlanned
from schemas.vocabulary import Dialect, Facing
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.domain import build
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


def tagged(of: LocationConditioned, **more: Any) -> tuple[RenderedPrompt, RenderedPrompt]:
    """The longest wording in tags and the one of a single chunk."""
    whole, *_, short = (item for item in built(of, **more).prompts if item.dialect is Dialect.TAGS)
    return whole, short


def two(
    shot: dict[str, Any] | None = None, cast: tuple[CharacterConditioning, ...] | None = None
) -> LocationConditioned:
    asked = builders.shot(
        **{"cast": ("radha", "krishna"), "framing": "two-shot", "shot_size": "medium", **(shot or {})}
    )
    return event(asked, cast=cast or (builders.radha(), KRISHNA))
