"""What a frame was meant to show, as far as the checks ask: style, shot size, the cast's colours, the place's plate."""

from dataclasses import dataclass
from typing import Final

from schemas.bible import Garment, ReferenceImage
from schemas.conditioning import CharacterConditioning, ConditionedEvent, LocationConditioning
from schemas.vocabulary import ShotSize
from services.validation.domain.colour_names import NamedColour, colours_in
from services.validation.domain.palette import Palette


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


@dataclass(frozen=True, slots=True)
class Intent:
    """What is not said is not measured."""

    style: str = ""
    lighting: str = ""
    shot_size: ShotSize | None = None
    attire: tuple[Attire, ...] = ()
    plate: Plate = Plate()


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
    for image in place.references:
        others = (image.weather in {None, place.weather}, image.season in {None, place.season})
        if image.time_of_day is place.time_of_day and all(others):
            return image
    return f"no plate of {place.name} is marked as {place.time_of_day.value}, in this weather and season"
