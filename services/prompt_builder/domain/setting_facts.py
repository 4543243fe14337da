"""Facts about where and when the frame is, what lights it, and what must match."""

from collections.abc import Mapping

from schemas.conditioning import ConditionedEvent, ContinuityFrame, LightParameters, LocationConditioning
from schemas.vocabulary import Season, ShotSize, TimeOfDay, Weather
from services.prompt_builder.domain.colours import in_words
from services.prompt_builder.domain.features import joined, phrases, unseen
from services.prompt_builder.domain.planned import Planned, planned
from services.prompt_builder.domain.templates import Templates, fill
from services.prompt_builder.domain.wording import appositive, listed, one_line, pieces

#: Landmarks are what tells the place: as tags they stand a little above the rest.
_LANDMARK_WEIGHT = 1.1
#: The thing that an insert shows is its subject.
_SUBJECT_WEIGHT = 1.2


def setting_facts(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> tuple[Planned, ...]:
    """Place with its landmarks first, time, weather, season, light, props, continuity."""
    facts: list[Planned] = []
    place = event.location
    if place is not None:
        facts += _place(place, templates, slots)
        facts += _when(place.time_of_day, place.weather, place.season, f"location:{place.location_id}", templates)
        facts.append(_light(place.light, place, templates, measured=event.run.shot.light_source is None))
    else:
        shot = event.run.shot
        facts += _when(shot.time_of_day, shot.weather, shot.season, "shot", templates)
    facts += _lighting(event, templates, slots)
    facts += _props(event)
    facts += [_continuity(frame, templates, slots) for frame in event.continuity]
    return tuple(facts)


def _place(place: LocationConditioning, templates: Templates, slots: Mapping[str, str]) -> list[Planned]:
    source = f"bible:{place.location_id}@{place.bible_version}"
    facts = []
    landmarks = tuple(dict.fromkeys(one_line(item) for item in place.landmarks if item.strip()))
    if landmarks:
        clause = in_words(listed(landmarks))
        tags = tuple(piece for item in landmarks for piece in pieces(in_words(item)))
        facts.append(Planned("landmarks", clause, source, tags, weight=_LANDMARK_WEIGHT))
    facts.append(planned("location", place.name, source))
    kind = templates.entry("location", place.location_type)
    if kind is None:
        facts.append(planned("location-type", place.location_type.replace("-", " "), source))
    else:
        origin = f"{source} {kind.source}"
        facts.append(planned("location-type", fill(kind.text, slots), origin, tag=fill(kind.tags, slots)))
    if one_line(place.description).casefold() != one_line(place.name).casefold():
        facts.append(planned("location-description", in_words(place.description), source))
    said = (place.description, *place.landmarks)
    for name, features in (("environment", place.environment), ("atmosphere", place.atmosphere)):
        worded = phrases(features, said=said)
        if worded:
            tags = tuple(piece for phrase in worded for piece in pieces(phrase))
            facts.append(Planned(name, joined(worded), source, tags))
        unheard = unseen(features)
        if unheard:
            facts.append(Planned(name, listed(unheard), source, unheard, omitted="no picture shows it"))
    return facts


def _when(
    time: TimeOfDay | None, weather: Weather | None, season: Season | None, source: str, templates: Templates
) -> list[Planned]:
    asked = (("time", "time-of-day", time), ("weather", "weather", weather), ("season", "season", season))
    facts = []
    for kind, table, word in asked:
        if word is not None:
            entry = templates.required(table, word.value)
            facts.append(planned(kind, entry.text, f"{source} {entry.source}", tag=entry.tags))
    return facts


def _lighting(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> list[Planned]:
    """The set-up, and what gives the light where the shot names both."""
    shot = event.run.shot
    asked = (("lighting", shot.lighting, "shot.lighting"), ("light-source", shot.light_source, "shot.light_source"))
    facts = []
    for kind, word, field in asked:
        entry = templates.entry("lighting", word) if word else None
        if entry is not None:
            text, tag = fill(entry.text, slots), fill(entry.tags, slots)
            facts.append(planned(kind, text, f"{field} {entry.source}", tag=tag))
    return facts


def _light(light: LightParameters, place: LocationConditioning, templates: Templates, *, measured: bool) -> Planned:
    """The light's numbers in words: colour temperature, brightness, direction, contrast, saturation.

    Not `measured`: the shot names a source of its own, whose colour the place's light doesn't know.
    """
    direction = templates.entry("light-direction", light.direction)
    coming = direction.text if direction else f"from {light.direction.replace('-', ' ')}"
    warmth = templates.scaled("colour-temperature-k", light.colour_temperature_k)
    brightness = templates.scaled("intensity", light.intensity)
    told = f"{brightness} and {warmth}, about {light.colour_temperature_k} K," if measured else brightness
    key = f"the key light is {told} {coming}"
    contrast = templates.scaled("contrast", light.contrast)
    colour = templates.scaled("saturation", light.saturation)
    lit = direction.tags if direction else f"light {coming}"
    tags = (f"{warmth} {lit}" if measured else lit, contrast, colour)
    return Planned("light", f"{key}, with {contrast} and {colour}", f"location:{place.location_id} light", tags)


def _props(event: ConditionedEvent) -> list[Planned]:
    names = {member.character_id: one_line(member.name) for member in event.visible_cast}
    facts = []
    for prop in event.props:
        said = prop.description.casefold()
        made = [in_words(one_line(item)) for item in (*prop.colours, *prop.materials) if item.strip()]
        details = tuple(dict.fromkeys(item for item in made if item.casefold() not in said))
        description = in_words(one_line(prop.description))
        if description.casefold() == one_line(prop.name).casefold():
            description = ""
        parts = [_owned(one_line(prop.name), names.get(prop.owner_id or "", "")), appositive(description), *details]
        parts = [part for part in parts if part]
        weight = _SUBJECT_WEIGHT if event.run.shot.shot_size is ShotSize.INSERT else 1.0
        source = f"bible:{prop.prop_id}@{prop.bible_version}"
        facts.append(planned("props", ", ".join(parts), source, weight=weight))
    return facts


def _owned(name: str, owner: str) -> str:
    """`Radha's bamboo flute`, unless the prop's name says so already."""
    told = not owner or any(word.casefold() in name.casefold() for word in owner.split())
    return name if told else f"{owner}'s {appositive(name)}"


def _continuity(frame: ContinuityFrame, templates: Templates, slots: Mapping[str, str]) -> Planned:
    key = "start-frame" if frame.reason == "start_frame" else "previous"
    entry = templates.required("continuity", key)
    source = f"continuity:{frame.shot_id}/{frame.frame_role.value} {entry.source}"
    return planned("continuity", fill(entry.text, slots), source, tag=fill(entry.tags, slots))
