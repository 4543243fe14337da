"""Facts about how the camera sees the frame."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import gcd
from typing import Final

from schemas.conditioning import ConditionedEvent
from schemas.vocabulary import FrameRole, Framing, ShotSize
from services.prompt_builder.domain.planned import Planned, planned
from services.prompt_builder.domain.slots import names_of, nearest_of
from services.prompt_builder.domain.templates import Templates, fill

#: Width by height of the named ratios; a frame within two per cent of one is called by its name.
_RATIOS: Final = {
    "1-1": 1.0,
    "4-3": 4 / 3,
    "3-2": 1.5,
    "16-9": 16 / 9,
    "1-85": 1.85,
    "21-9": 21 / 9,
    "2-39": 2.39,
    "9-16": 9 / 16,
    "4-5": 0.8,
    "2-3": 2 / 3,
}
_RATIO_TOLERANCE = 0.02
_MOVEMENT_TABLES: Final = {
    FrameRole.SINGLE: "movement",
    FrameRole.START: "movement-start",
    FrameRole.END: "movement-end",
}


def camera_facts(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> tuple[Planned, ...]:
    """Size, framing, angle, facing, movement, lens, focus, composition, ratio."""
    shot, role = event.run.shot, event.run.frame_role
    size = templates.required("shot-size", shot.shot_size.value)
    seen = [member for member in event.visible_cast if member.name != nearest_of(event)]
    if shot.framing is Framing.OVER_THE_SHOULDER and len(event.visible_cast) > 1 and seen:
        # The camera is close to the face, not to the shoulder that it looks past.
        slots = {**slots, "subject": names_of(tuple(seen))}
    wording = size.text if event.visible_cast or not size.empty else size.empty
    facts = [
        planned("shot-size", fill(wording, slots), _source("shot.shot_size", size.source), tag=fill(size.tags, slots)),
        _framing(event, templates, slots),
        _from_table("angle", "camera-angle", shot.camera_angle.value, "shot.camera_angle", templates, slots),
        _facing(event, templates, slots),
        _from_table(
            "movement", _MOVEMENT_TABLES[role], shot.camera_movement.value, "shot.camera_movement", templates, slots
        ),
        _from_table("composition", "composition", shot.composition.value, "shot.composition", templates, slots),
        _from_table("focus", "focus", shot.focus.value, "shot.focus", templates, slots),
        _ratio(event.run.width, event.run.height, templates, slots),
    ]
    return (*facts, *_lens(event, templates, slots))


def _lens(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> Iterator[Planned]:
    """Focal length and kind of lens, as far as the shot names them."""
    shot = event.run.shot
    length = "" if shot.lens_mm is None else f"{shot.lens_mm:g} mm"
    if shot.lens is not None:
        fact = _from_table("lens", "lens", shot.lens.value, "shot.lens", templates, slots)
        tags = (f"{shot.lens_mm:g}mm", *fact.tags) if length else fact.tags
        yield replace(fact, clause=_measured(fact.clause, length), tags=tags)
    elif length and shot.lens_mm is not None:
        clause = f"{_article(length)} {length} {templates.scaled('lens-mm', shot.lens_mm)}"
        yield planned("lens", clause, "shot.lens_mm", tag=f"{length.replace(' ', '')} lens")


def _measured(words: str, length: str) -> str:
    """`a macro lens …` as `a 100 mm macro lens …`."""
    if not length:
        return words
    return f"{_article(length)} {length} {words.removeprefix('an ').removeprefix('a ')}"


def _article(length: str) -> str:
    return "an" if length.startswith("8") or length.split(" ", maxsplit=1)[0] in {"11", "18"} else "a"


def _source(field: str, template: str) -> str:
    return f"{field} {template}"


def _from_table(  # noqa: PLR0913 - a fact is a kind, a key of a table and the field that named the key
    kind: str, table: str, key: str, field: str, templates: Templates, slots: Mapping[str, str]
) -> Planned:
    entry = templates.required(table, key)
    return planned(kind, fill(entry.text, slots), _source(field, entry.source), tag=fill(entry.tags, slots))


def _framing(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> Planned:
    """The framing asked for; `single` is also what a planner leaves standing, so a fuller cast overrules it."""
    shot, count = event.run.shot, len(event.visible_cast)
    fact = _from_table("framing", "framing", shot.framing.value, "shot.framing", templates, slots)
    if shot.framing is not Framing.SINGLE or count == 1:
        return fact
    reason = f"a single holds one character, {count} are in the frame"
    return Planned(fact.kind, fact.clause, fact.source, fact.tags, omitted=reason)


def _facing(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> Planned:
    shot, visible = event.run.shot, event.visible_cast
    fact = _from_table("facing", "facing", shot.facing.value, "shot.facing", templates, slots)
    if not visible:
        return Planned(fact.kind, fact.clause, fact.source, fact.tags, omitted="no character is in the frame")
    if shot.shot_size is ShotSize.INSERT and event.props:
        reason = "an insert shows a thing, not a side of somebody"
        return Planned(fact.kind, fact.clause, fact.source, fact.tags, omitted=reason)
    if all(member.facing is not shot.facing for member in visible):
        reason = "every character in the frame has a facing of its own"
        return Planned(fact.kind, fact.clause, fact.source, fact.tags, omitted=reason)
    return fact


def _ratio(width: int, height: int, templates: Templates, slots: Mapping[str, str]) -> Planned:
    wanted = width / height
    key = min(_RATIOS, key=lambda name: abs(_RATIOS[name] / wanted - 1))
    if abs(_RATIOS[key] / wanted - 1) <= _RATIO_TOLERANCE:
        return _from_table("ratio", "ratio", key, "run.size", templates, slots)
    divisor = gcd(width, height)
    return planned("ratio", f"{width // divisor}:{height // divisor} frame", "run.size")
