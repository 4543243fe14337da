"""Values of the template slots for one frame."""

from schemas.conditioning import CharacterConditioning, ConditionedEvent
from schemas.shot import Shot
from schemas.vocabulary import Facing, ShotSize
from services.prompt_builder.domain.articles import one
from services.prompt_builder.domain.features import phrases
from services.prompt_builder.domain.templates import Templates
from services.prompt_builder.domain.wording import appositive, clip, listed, one_line, within

#: Names in a sentence before the rest becomes a number.
_NAMES = 6
_SLOT_TEXT = 300
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def names_of(cast: tuple[CharacterConditioning, ...]) -> str:
    """Names of the cast as a list; many become `a, b, c, d, e, f and 3 others`."""
    names = [clip(one_line(member.name), 80) for member in cast]
    if len(names) > _NAMES + 1:
        names = [*names[:_NAMES], f"{len(names) - _NAMES} others"]
    return listed(names)


def told_apart(event: ConditionedEvent) -> ConditionedEvent:
    """The event with members of the cast in view who share a name called one after the other: `the second John`.

    A sentence or a tag that names somebody must be about one person.
    """
    met: dict[str, int] = {}
    cast = []
    for member in event.cast:
        name = one_line(member.name)
        place = met[name.casefold()] = met.get(name.casefold(), 0) + member.visible
        again = member.visible and place > 1
        cast.append(member.model_copy(update={"name": f"the {_ordinal(place)} {name}"}) if again else member)
    return event.model_copy(update={"cast": tuple(cast)}) if tuple(cast) != event.cast else event


def _ordinal(place: int) -> str:
    return _ORDINALS[place] if place < len(_ORDINALS) else f"other ({place})"


def slots_of(event: ConditionedEvent, templates: Templates) -> dict[str, str]:
    """Every slot with its value; none is empty, so that no wording is left with a hole."""
    run, shot, place = event.run, event.run.shot, event.location
    visible = event.visible_cast
    mood = templates.entry("mood", shot.mood)
    movement = templates.required("movement", shot.camera_movement.value)
    air = ", ".join(phrases(place.atmosphere)) if place else ""
    time = place.time_of_day if place else shot.time_of_day
    values = {
        "subject": _subject(event),
        "action": shot.action or next((member.action for member in visible if member.action), "") or shot.description,
        "location": place.name if place else "the place",
        "style": run.style.replace("-", " "),
        "expression": _expression(visible, mood.expression if mood else ""),
        "pov_character": _unseen(event) or "an unseen observer",
        "camera_work": movement.text,
        "mood": mood.text if mood else shot.mood.replace("-", " "),
        "target": nearest_of(event) or "someone",
        "time_of_day": time.value.replace("-", " ") if time else "day",
        "atmosphere": air or (mood.text if mood else "a plain atmosphere"),
    }
    return {name: clip(one_line(value), _SLOT_TEXT) for name, value in values.items()}


def _subject(event: ConditionedEvent) -> str:
    """Whom the frame shows: the visible cast, or in an insert a thing of theirs; else props, place, description."""
    shot = event.run.shot
    things = listed([one(appositive(clip(one_line(prop.name), 80))) for prop in event.props[:_NAMES]])
    if things and shot.shot_size is ShotSize.INSERT:
        return things
    if event.visible_cast:
        return names_of(event.visible_cast)
    if things and not _is_wide(shot):
        return things
    return within(event.location.name) if event.location else "the scene"


def _is_wide(shot: Shot) -> bool:
    return shot.shot_size.value in {"extreme-wide", "wide", "full"}


def _expression(visible: tuple[CharacterConditioning, ...], of_mood: str) -> str:
    return next((member.expression for member in visible if member.expression), "") or of_mood or "a natural expression"


def nearest_of(event: ConditionedEvent) -> str:
    """Over whose shoulder a frame would look: who is seen from behind, else the second in view, else who is unseen."""
    visible = event.visible_cast
    if len(visible) <= 1:
        return _unseen(event)
    behind = (member.name for member in visible if member.facing is Facing.BACK)
    return next(behind, visible[1].name)


def _unseen(event: ConditionedEvent) -> str:
    """First member of the cast who is named by the shot but not in the frame."""
    return next((member.name for member in event.cast if not member.visible), "")
