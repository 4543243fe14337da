"""What a frame was meant to show, as far as the checks ask: style, shot size, the cast's colours, the place's plate."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas.bible import Garment, ReferenceImage
from schemas.conditioning import CharacterConditioning, ConditionedEvent, LocationConditioning
from schemas.vocabulary import ShotSize
from services.validation.domain.colour_names import NamedColour, colours_in
from services.validation.domain.palette import Palette

if TYPE_CHECKING:
    # A sight is made of a picture, and a frame holds an intent.
    from services.validation.domain.references import Sight


@dataclass(frozen=True, slots=True)
class Attire:
    """What one visible character wears: the colours named, outermost piece first, each once."""

    name: str
    colours: tuple[NamedColour, ...]


@dataclass(frozen=True, slots=True)
class Plate:
    """The location's plate: `palette` is None when there is none to compare with, and `problem` says why."""

    palette: Palette | None = None
    problem: str = "the shot's location has no plate"
    sight: "Sight | None" = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What is not said is not measured."""

    style: str = ""
    lighting: str = ""
    shot_size: ShotSize | None = None
    attire: tuple[Attire, ...] = ()
    plate: Plate = Plate()
    plates: "tuple[Sight, ...]" = ()
    """Every plate in the frame's own light."""
    cast: "tuple[tuple[str, tuple[Sight, ...]], ...]" = ()
    """Who is to be seen, by name, with the references that could be read."""
    drawn: bool = False
    """Whether the frame was drawn by code: then its colours are exact."""


UNSAID: Final = Intent()


def intent_of(event: ConditionedEvent, plate: Plate) -> Intent:
    """What the frame of this event is meant to show. Only who is visible wears anything."""
    shot = event.run.shot
    return Intent(
        style=event.run.style,
        lighting=shot.lighting,
        shot_size=shot.shot_size,
        attire=tuple(_attire(member) for member in event.visible_cast),
        plate=plate,
    )


def _attire(member: CharacterConditioning) -> Attire:
    costume = member.costume
    named = [colour for garment in costume.garments for colour in _colours(garment)]
    found = named or list(colours_in(costume.description))
    return Attire(member.name, tuple(dict.fromkeys(found)))


def _colours(garment: Garment) -> tuple[NamedColour, ...]:
    return colours_in(garment.colour) or colours_in(garment.name)


def plate_to_compare(place: LocationConditioning | None) -> ReferenceImage | str:
    """The best plate that shows the place in this frame's time, weather and season; else why there is none.

    A plate that doesn't say its time of day can't be compared: light moves a palette further than another place does.
    """
    if place is None or not place.references:
        return "the shot's location has no plate"
    fitting = plates_in_light(place)
    if fitting:
        return fitting[0]
    return f"no plate of {place.name} is marked as {place.time_of_day.value}, in this weather and season"


def plates_in_light(place: LocationConditioning | None) -> tuple[ReferenceImage, ...]:
    """Every plate that shows the place in this frame's time, weather and season."""
    return tuple(
        image
        for image in (place.references if place is not None else ())
        if place is not None
        and image.time_of_day is place.time_of_day
        and image.weather in {None, place.weather}
        and image.season in {None, place.season}
    )


def worn(member: CharacterConditioning) -> tuple[ReferenceImage, ...]:
    """A character's pictures in the costume of the shot, or in any; each file once, whatever views are parts of it."""
    costume = member.costume.costume_id
    found: dict[str, ReferenceImage] = {}
    for image in member.references:
        if image.costume_id in {None, costume}:
            found.setdefault(image.uri, image)
    return tuple(found.values())
