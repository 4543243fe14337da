"""From planned facts to what the previz artist is told. Pure: the same job gives the same scene."""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.bible import Costume, Garment
from schemas.conditioning import CharacterConditioning, LocationConditioning, PropConditioning
from schemas.vocabulary import ShotSize, SubjectKind
from services.generation.providers.base import ImageJob
from services.generation.providers.previz.scene import (
    MAX_SIDE,
    MIN_SIDE,
    PrevizCharacter,
    PrevizLocation,
    PrevizScene,
)

Features = Mapping[str, str | tuple[str, ...]]

# Names that a bible may use for a feature that the artist has a place for.
_BODY: Final = ("body", "build", "physique", "figure", "height", "frame", "gender", "sex")
_AGE: Final = ("age", "age group", "age_range", "age range")
_SKIN: Final = ("skin", "skin tone", "skin_tone", "skin colour", "skin color", "complexion")
_HAIR: Final = ("hair", "hair colour", "hair color", "hair_color", "hair style", "hairstyle", "hair_style")
_PALETTE: Final = ("palette", "colours", "colors", "colour", "color")


def scene_of(job: ImageJob) -> PrevizScene:
    """The scene of a job, as large as the artist draws; the worker brings it to the size asked.

    Raises:
        pydantic.ValidationError: the artist can't make sense of it.
    """
    run, shot = job.run, job.run.shot
    visible = tuple(member for member in job.cast if member.visible)
    width, height = _drawn_size(job.width, job.height)
    place = job.location
    return PrevizScene(
        width=width,
        height=height,
        seed=job.seed or 0,
        frame_role=run.frame_role.value,
        style=run.style,
        shot_size=shot.shot_size.value,
        coverage=shot.framing.value,
        angle=shot.camera_angle.value,
        facing=(visible[0].facing if visible else shot.facing).value,
        movement=shot.camera_movement.value,
        composition=shot.composition.value,
        lens_mm=shot.lens_mm,
        characters=tuple(_character(member, job.props) for member in visible) or _holder(job),
        location=_location(place) if place is not None else _elsewhere(run.subject),
        **_times(job),
        lighting=shot.lighting,
        mood=shot.mood,
        action=shot.action,
        description=shot.description,
        prop_in_focus=_focus(job) if shot.shot_size is ShotSize.INSERT else "",
        is_sheet=run.subject is SubjectKind.CHARACTER_SHEET,
    )


def _holder(job: ImageJob) -> tuple[PrevizCharacter, ...]:
    """Whose hand holds the thing of a prop view, since the artist draws things in hands; nobody in any other frame."""
    if job.run.subject is not SubjectKind.PROP_VIEW:
        return ()
    held = tuple(_prop(item) for item in job.props[:1])
    return (PrevizCharacter(id="hand", props=held, garments=("grey shirt",)),)


def _elsewhere(subject: SubjectKind) -> PrevizLocation:
    """Where a frame without a place plays: references in a studio, shots wherever the artist likes."""
    if subject is SubjectKind.KEYFRAME:
        return PrevizLocation()
    return PrevizLocation(id="studio", name="studio", location_type="studio", description="plain studio backdrop")


def _times(job: ImageJob) -> dict[str, str]:
    """Time, weather and season: the place's, else the shot's; what neither names is left to the artist."""
    source = job.location if job.location is not None else job.run.shot
    words = {"time_of_day": source.time_of_day, "weather": source.weather, "season": source.season}
    return {name: word.value for name, word in words.items() if word is not None}


def _drawn_size(width: int, height: int) -> tuple[int, int]:
    """The asked size, scaled into what the artist draws; sides of more than 4096 pixels are scaled up afterwards."""
    scale = min(1.0, MAX_SIDE / max(width, height))
    return max(MIN_SIDE, round(width * scale)), max(MIN_SIDE, round(height * scale))


def _character(member: CharacterConditioning, props: Iterable[PropConditioning]) -> PrevizCharacter:
    features = {**member.appearance, **member.changing}
    used = {name for names in (_BODY, _AGE, _SKIN, _HAIR) for name in names}
    marks = (_text(name, value) for name, value in features.items() if _key(name) not in used)
    costume = member.costume
    garments = tuple(_garment(item) for item in costume.garments)
    return PrevizCharacter(
        id=member.character_id,
        seed=member.seed.value,
        name=member.name,
        description=member.description,
        body=_joined(features, _BODY),
        age=_joined(features, _AGE),
        skin=_joined(features, _SKIN),
        hair=_joined(features, _HAIR),
        garments=garments or _described(costume),
        colours=tuple(item.colour for item in costume.garments if item.colour),
        accessories=tuple(_garment(item) for item in costume.accessories),
        props=tuple(_prop(item) for item in props if item.owner_id == member.character_id),
        action=member.action,
        expression=member.expression,
        static_features=tuple(marks),
    )


def _location(place: LocationConditioning) -> PrevizLocation:
    return PrevizLocation(
        id=place.location_id,
        seed=place.seed.value,
        name=place.name,
        description=place.description,
        location_type=place.location_type,
        landmarks=place.landmarks,
        palette=_values({**place.environment, **place.atmosphere}, _PALETTE),
    )


def _focus(job: ImageJob) -> str:
    return _prop(job.props[0]) if job.props else job.run.shot.description


def _prop(item: PropConditioning) -> str:
    return " ".join([*item.colours[:1], *item.materials[:1], item.name])


def _garment(item: Garment) -> str:
    known = item.colour and item.colour.casefold() not in item.name.casefold()
    return f"{item.colour} {item.name}" if known else item.name


def _described(costume: Costume) -> tuple[str, ...]:
    return (costume.description,) if costume.description else ()


def _key(name: str) -> str:
    return name.strip().casefold()


def _values(features: Features, names: tuple[str, ...]) -> tuple[str, ...]:
    found = (value for name, value in features.items() if _key(name) in names)
    return tuple(text for value in found for text in ((value,) if isinstance(value, str) else value))


def _joined(features: Features, names: tuple[str, ...]) -> str:
    return ", ".join(_values(features, names))


def _text(name: str, value: str | tuple[str, ...]) -> str:
    plain = value if isinstance(value, str) else ", ".join(value)
    return plain if _key(name) in plain.casefold() else f"{name}: {plain}"
