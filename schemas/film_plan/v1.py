"""The film plan: a whole film in one YAML or JSON file, as a planner hands it over.

Version 1. `ice plan validate` names every mistake with file, line and field; `ice plan publish` turns a plan into the
bible events and one ShotPlanned per shot. Written as people write: scenes hold their shots, and a scene's place, time,
weather, lighting, mood and style hold for its shots unless a shot says otherwise.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from schemas.base import Identifier, Model
from schemas.bible.v1 import Character, Location, Prop
from schemas.project.v1 import ProjectSettings
from schemas.shot.v1 import Shot
from schemas.text import Phrase, Slug, Text
from schemas.vocabulary import SeasonWord, TimeOfDayWord, WeatherWord

PLAN_VERSION = 1


class PlannedShot(Shot):
    """A shot of the plan with its revision."""

    revision: int = Field(default=1, ge=1)
    """Grows with every change to this shot; the highest published wins."""


class Scene(Model):
    """A scene and its shots, in story order."""

    scene_id: Identifier
    """Unique in the film, e.g. `SC010`."""
    title: Phrase = ""
    """Slug line, e.g. `EXT. RIVERBANK - DAWN`."""
    synopsis: Text = ""
    """What happens, for people; not prompted."""
    location_id: Identifier | None = None
    """Place of shots that name none."""
    time_of_day: TimeOfDayWord | None = None
    """Time of shots that name none."""
    weather: WeatherWord | None = None
    """Weather of shots that name none."""
    season: SeasonWord | None = None
    """Season of shots that name none."""
    lighting: Slug | None = None
    """Lighting of shots that name none."""
    mood: Slug | None = None
    """Mood of shots that name none."""
    style: Slug | None = None
    """Style of shots that name none."""
    shots: Annotated[tuple[PlannedShot, ...], Field(min_length=1, max_length=2000)]
    """Shots, in order; `scene_id`, `sequence_id`, `story_order` and, unless given, `shot_number` and `code` are
    filled in from their place."""


class Sequence(Model):
    """A run of scenes that tell one part of the story."""

    sequence_id: Identifier
    """Unique in the film, e.g. `SEQ010`."""
    title: Phrase = ""
    """Title, for people."""
    scenes: Annotated[tuple[Scene, ...], Field(min_length=1, max_length=1000)]
    """Scenes, in story order."""


class Bible(Model):
    """Everything that must look the same from shot to shot."""

    characters: Annotated[tuple[Character, ...], Field(max_length=1000)] = ()
    """People."""
    locations: Annotated[tuple[Location, ...], Field(max_length=1000)] = ()
    """Places."""
    props: Annotated[tuple[Prop, ...], Field(max_length=1000)] = ()
    """Objects."""


class FilmPlan(Model):
    """A film, planned."""

    film_plan: Literal[1]
    """Version of this format: 1."""
    project: ProjectSettings
    """Settings of the film."""
    bible: Bible = Bible()
    """People, places and objects."""
    sequences: Annotated[tuple[Sequence, ...], Field(min_length=1, max_length=1000)]
    """The story."""
    notes: Text = ""
    """For people; not prompted."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_places(cls, value: Any) -> Any:  # noqa: ANN401 - as it was read from the file
        return _filled(value) if isinstance(value, dict) else value

    @property
    def shots(self) -> tuple[PlannedShot, ...]:
        """Every shot, in story order."""
        return tuple(shot for sequence in self.sequences for scene in sequence.scenes for shot in scene.shots)


_INHERITED = ("location_id", "time_of_day", "weather", "season", "lighting", "mood", "style")


def _filled(plan: dict[str, Any]) -> dict[str, Any]:
    """A copy in which every shot knows its scene, sequence and order, and inherits from its scene."""
    order = 0
    sequences = []
    for sequence in _dicts(plan.get("sequences")):
        scenes = []
        for scene in _dicts(sequence.get("scenes")):
            shots = []
            for number, shot in enumerate(_dicts(scene.get("shots")), start=1):
                shots.append(_placed(shot, scene, sequence, number, order))
                order += 1
            scenes.append({**scene, "shots": shots} if "shots" in scene else scene)
        sequences.append({**sequence, "scenes": scenes} if "scenes" in sequence else sequence)
    return {**plan, "sequences": sequences} if _all_dicts(plan) else plan


def _placed(
    shot: dict[str, Any], scene: dict[str, Any], sequence: dict[str, Any], number: int, order: int
) -> dict[str, Any]:
    placed = dict(shot)
    placed.setdefault("shot_number", number * 10)
    placed["story_order"] = order
    for name, source in (("scene_id", scene), ("sequence_id", sequence)):
        if name in source:
            placed.setdefault(name, source[name])
    if scene.get("title"):
        placed.setdefault("scene_title", scene["title"])
    for name in _INHERITED:
        if placed.get(name) is None and scene.get(name) is not None:
            placed[name] = scene[name]
    return placed


def _dicts(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as it was read from the file
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def _all_dicts(plan: dict[str, Any]) -> bool:
    """Whether the story has the right shape, so that filling in leaves no misshapen part out of validation."""
    for sequence in _sequence_of(plan.get("sequences")):
        if not isinstance(sequence, dict):
            return False
        for scene in _sequence_of(sequence.get("scenes")):
            if not isinstance(scene, dict):
                return False
            if not all(isinstance(shot, dict) for shot in _sequence_of(scene.get("shots"))):
                return False
    return isinstance(plan.get("sequences"), list | tuple)


def _sequence_of(value: Any) -> list[Any] | tuple[Any, ...]:  # noqa: ANN401 - as it was read from the file
    return value if isinstance(value, list | tuple) else ()


__all__ = ["PLAN_VERSION", "Bible", "FilmPlan", "PlannedShot", "Scene", "Sequence"]
