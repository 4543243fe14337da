"""What is asked for where a film has no pictures: a character sheet, a location plate and a prop view, in words."""

from collections.abc import Iterator
from typing import Any, Final

from schemas.bible import Location, ReferenceImage
from schemas.conditioning import CharactersConditioned
from schemas.film_plan import FilmPlan
from schemas.project import ProjectSettings
from schemas.prompt import PromptBuilt
from schemas.reference import ReferenceReady, whose
from schemas.run import RunContext
from schemas.vocabulary import Season, TimeOfDay, Weather
from services.character_conditioning import domain as cast_rules
from services.location_conditioning import domain as set_rules
from services.location_conditioning.adapters.template_file import load_templates
from services.location_conditioning.domain.variant import Variant
from services.location_conditioning.domain.wanted import run_of
from services.prompt_builder import domain as prompt_rules
from services.prompt_builder.adapters.shipped_templates import shipped_templates

_VARIANT: Final = Variant(TimeOfDay.DAWN, Weather.RAIN, Season.AUTUMN)


def reference_wordings(plan: FilmPlan) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What it is, and its wordings, of the references that the first entries of a film's bible would be given."""
    character, location, prop = plan.bible.characters[0], plan.bible.locations[0], plan.bible.props[0]
    sheet = cast_rules.Sheet(character, character.wardrobe[0], plan.project)
    yield f"a character sheet of {character.name}", _worded(cast_rules.begun(cast_rules.run_of(sheet), sheet))
    plate = run_of(set_rules.WantedReference(location, plan.project, _VARIANT))
    made = _base_plate(location, plan.project)
    yield f"a location plate of {location.name}, at dawn in autumn rain", _begun(plate, location=location, made=made)
    view = run_of(set_rules.WantedReference(prop, plan.project, None))
    yield f"a prop view of the {prop.name[:1].lower()}{prop.name[1:]}", _begun(view, props={prop.id: prop})


def _base_plate(location: Location, project: ProjectSettings) -> set_rules.References:
    """The plate that others are derived from, as if it were made."""
    own = Variant(location.time_of_day, location.weather, location.season)
    wanted = set_rules.WantedReference(location, project, own)
    picture = ReferenceImage(uri="s3://ice/base.png", time_of_day=own.time, weather=own.weather, season=own.season)
    return set_rules.References({wanted.key: ReferenceReady(**whose(run_of(wanted)), references=(picture,))})


def _begun(run: RunContext, **known: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - fields of `Knowledge`
    return _worded(cast_rules.begun(run), **known)


def _worded(begun: CharactersConditioned, **known: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - fields of `Knowledge`
    knowledge = set_rules.Knowledge(**known)
    earlier = set_rules.continuity(begun.run, knowledge, frozenset())
    built = prompt_rules.build(set_rules.conditioned(begun, knowledge, earlier, load_templates()), shipped_templates())
    if not isinstance(built, PromptBuilt):
        raise TypeError(f"{begun.run.shot.shot_id}: {built.problems}")
    return [item.model_dump(mode="json") for item in built.prompts]
