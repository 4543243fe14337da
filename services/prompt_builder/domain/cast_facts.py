"""Facts about the people in the frame. Nothing of whom the frame doesn't show is planned."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.bible import Costume, Garment
from schemas.conditioning import CharacterConditioning, ConditionedEvent
from schemas.vocabulary import Facing
from services.prompt_builder.domain.articles import one
from services.prompt_builder.domain.colours import in_words
from services.prompt_builder.domain.features import as_now, joined, phrases, unseen
from services.prompt_builder.domain.planned import Planned, planned
from services.prompt_builder.domain.slots import names_of
from services.prompt_builder.domain.templates import Entry, Templates, fill
from services.prompt_builder.domain.wording import is_short_phrase, listed, one_line, pieces

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_IDENTITY_WEIGHT = 1.2
_COSTUME_WEIGHT = 1.1
_FROM_BEHIND = "seen from behind, no face shows"
#: Share of the words of a piece that a costume's description must have to have said it.
_SAME_PIECE = 0.65


@dataclass(frozen=True, slots=True)
class Look:
    """A character's appearance, each feature once: in its description where that says it, else by itself."""

    description: str
    features: tuple[str, ...]
    telling: tuple[str, ...]
    """Parts of the description that carry a feature."""
    rest: tuple[str, ...]
    """Parts of the description that carry none."""


def cast_facts(event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]) -> tuple[Planned, ...]:
    """Count, then each visible character: who it is, what it wears, what it does."""
    visible = event.visible_cast
    facts = [*_count(event)]
    for member in visible:
        facts += _look(member)
        facts += _performance(member, event, templates, slots)
    return tuple(facts)


def number(count: int) -> str:
    """A small number in words."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _count(event: ConditionedEvent) -> tuple[Planned, ...]:
    """How many characters; nothing for a shot that names none, since its description may hold a crowd."""
    visible = event.visible_cast
    if not event.cast:
        return ()
    if not visible:
        return (planned("cast-count", "nobody in the frame", "shot.cast", tag="no humans"),)
    if len(visible) == 1:
        clause, tag = "the only character in the frame", "1 character"
    else:
        clause, tag = f"{number(len(visible))} characters in the frame", f"{len(visible)} characters"
    return (planned("cast-count", clause, "shot.cast", tag=tag, text=f"{clause}: {names_of(visible)}"),)


def look_of(member: CharacterConditioning) -> Look:
    """The character's description and features without repetition."""
    description = one_line(member.description)
    if description.casefold() == one_line(member.name).casefold():
        description = ""
    appearance, _ = as_now(member.appearance, _seen(member)[0])
    every = phrases(appearance)
    features = phrases(appearance, said=(description,))
    said = [phrase.casefold() for phrase in every if phrase not in features]
    parts = pieces(description)
    # Of whom the bible lists no feature the description is all there is to know them by.
    telling = tuple(part for part in parts if not every or any(phrase in part.casefold() for phrase in said))
    rest = tuple(part for part in parts if part not in telling)
    return Look(description, features, telling, rest)


def _look(member: CharacterConditioning) -> list[Planned]:
    source = f"bible:{member.character_id}@{member.bible_version}"
    look = look_of(member)
    told = ", ".join((*look.telling, *look.features))
    facts = [
        replace(
            _about(member, "identity", joined(look.features), source),
            tags=(one_line(member.name), *look.telling, *_cut(look.features)),
            text=f"{one_line(member.name)}: {told}" if told else one_line(member.name),
            weight=_IDENTITY_WEIGHT,
        )
    ]
    if look.description:
        facts.append(_about(member, "character", look.description, source, look.rest))
    worn = costume_pieces(member.costume)
    if worn:
        why = f"{source}/costume:{member.costume.costume_id} ({member.costume_source})"
        facts.append(replace(_about(member, "costume", _worn(worn), why, _cut(worn)), weight=_COSTUME_WEIGHT))
        again = costume_repeated(member.costume)
        if again:
            said = "the costume's description says it"
            facts.append(replace(_about(member, "costume", listed(again), why), omitted=said))
    shown, hidden = _seen(member)
    changing = tuple(phrase for phrase in phrases(shown, said=(look.description,)) if phrase not in look.features)
    if changing:
        facts.append(_about(member, "changing", joined(changing), source, _cut(changing)))
    facts += _before(member, shown, source)
    why_hidden = "the shot plans another" if member.expression else _FROM_BEHIND
    facts += [replace(_about(member, "changing", face, source), omitted=why_hidden) for face in phrases(hidden)]
    unheard = unseen({**member.appearance, **member.changing})
    if unheard:
        facts.append(replace(_about(member, "changing", listed(unheard), source), omitted="no picture shows it"))
    triggers = tuple(dict.fromkeys(one_line(word) for lora in member.loras for word in lora.trigger_words))
    if triggers:
        facts.append(_about(member, "trigger", ", ".join(triggers), f"{source}/loras", triggers))
    return facts


def _before(member: CharacterConditioning, now: dict[str, str | tuple[str, ...]], source: str) -> tuple[Planned, ...]:
    """What the shot has otherwise than the bible's static features."""
    _, changed = as_now(member.appearance, now)
    before = phrases({name: member.appearance[name] for name in changed})
    return tuple(
        replace(_about(member, "changing", phrase, source), omitted="the shot has it otherwise") for phrase in before
    )


def _cut(worded: tuple[str, ...]) -> tuple[str, ...]:
    """Phrases as tags, cut at their commas."""
    return tuple(piece.removeprefix("a ").removeprefix("an ") for phrase in worded for piece in pieces(phrase))


def _about(
    member: CharacterConditioning, kind: str, clause: str, source: str, tags: tuple[str, ...] | None = None
) -> Planned:
    """A fact about one character, which by itself names it; None = its tags are cut from the clause."""
    return Planned(
        kind=kind,
        clause=clause,
        source=source,
        tags=pieces(clause) if tags is None else tags,
        text=f"{one_line(member.name)}: {clause}",
        owner=member.character_id,
    )


def _seen(member: CharacterConditioning) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str | tuple[str, ...]]]:
    """Changing features that show, and the expression where none does: another is planned, or no face shows."""
    hidden = bool(member.expression) or member.facing is Facing.BACK
    faces = {name for name in member.changing if hidden and name.strip().casefold() == "expression"}
    shown = {name: value for name, value in member.changing.items() if name not in faces}
    return shown, {name: member.changing[name] for name in sorted(faces)}


def costume_pieces(costume: Costume) -> tuple[str, ...]:
    """The costume's description, and the pieces that it doesn't name."""
    description = in_words(one_line(costume.description))
    said = set(_words(description))
    pieces_of = (_garment(garment) for garment in (*costume.garments, *costume.accessories))
    unsaid = (piece for piece in pieces_of if not _is_said(piece, said))
    return tuple(dict.fromkeys(piece for piece in (description, *unsaid) if piece))


def _worn(worn: tuple[str, ...]) -> str:
    """The pieces of a costume as one list."""
    every = [part for piece in worn for part in piece.split(", ")]
    # A description in sentences doesn't go on with `and`, nor after a word that says how the thing before it is.
    if all(is_short_phrase(part) and " " in part for part in every) or len(every) == 1:
        return listed([one(part) for part in every])
    return ", ".join(one(piece) for piece in worn)


def costume_repeated(costume: Costume) -> tuple[str, ...]:
    """Pieces that the costume's description says in other words."""
    said = set(_words(in_words(one_line(costume.description))))
    worded = (_garment(garment) for garment in (*costume.garments, *costume.accessories))
    return tuple(piece for piece in worded if _is_said(piece, said) and not said.issuperset(_words(piece)))


def _is_said(piece: str, said: set[str]) -> bool:
    """Whether a description says all of a piece but a word or two of it: the same thing, described anew."""
    words = _words(piece)
    return sum(word in said for word in words) >= len(words) * _SAME_PIECE


def _garment(garment: Garment) -> str:
    name, colour = one_line(garment.name), in_words(one_line(garment.colour))
    return name if not colour or colour.casefold() in name.casefold() else f"{colour} {name}"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _performance(
    member: CharacterConditioning, event: ConditionedEvent, templates: Templates, slots: Mapping[str, str]
) -> list[Planned]:
    shot = event.run.shot
    action, expression = one_line(member.action), one_line(member.expression)
    facts = []
    if action:
        facts.append(_about(member, "character-action", action, "shot.cast.action"))
    # With several people a shot's own action doesn't tell whose posture it is.
    gesture = _gesture(action or (shot.action if len(event.visible_cast) == 1 else ""), templates)
    if gesture is not None:
        tags = pieces(fill(gesture.tags, slots))
        facts.append(_about(member, "gesture", one_line(fill(gesture.text, slots)), gesture.source, tags))
    if expression:
        hidden = _FROM_BEHIND if member.facing is Facing.BACK else ""
        facts.append(replace(_about(member, "expression", expression, "shot.cast.expression"), omitted=hidden))
    if member.facing is not shot.facing:
        entry = templates.required("facing", member.facing.value)
        tags = pieces(fill(entry.tags, slots))
        facts.append(_about(member, "facing", one_line(fill(entry.text, slots)), "shot.cast.facing", tags))
    return facts


def _gesture(action: str, templates: Templates) -> Entry | None:
    """Wording of the first known action that the text names."""
    words = {word.strip(".,;:!?").casefold() for word in action.split()}
    for entry in templates.tables.get("action", {}).values():
        if words.intersection(entry.words):
            return entry
    return None
