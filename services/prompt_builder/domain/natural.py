"""Facts in sentences, as a director of photography would write them down: short, each thing once."""

from collections.abc import Callable, Sequence
from typing import Final

from schemas.prompt import DroppedFact
from services.prompt_builder.domain.articles import article
from services.prompt_builder.domain.planned import VITAL, Planned
from services.prompt_builder.domain.wording import (
    appositive,
    begun,
    ended,
    is_short_phrase,
    listed,
    unended,
    within,
)

#: Characters; the most that a vendor with sentences takes.
NATURAL_LIMIT: Final = 32_000


class _Sheet:
    """The facts by kind and owner."""

    def __init__(self, facts: Sequence[Planned]) -> None:
        self._facts = facts

    def every(self, kind: str, owner: str = "") -> list[str]:
        """Clauses of a kind."""
        return [fact.clause for fact in self._facts if fact.kind == kind and fact.owner == owner]

    def one(self, kind: str, owner: str = "") -> str:
        """The clause of a kind that a frame or character has once."""
        return next(iter(self.every(kind, owner)), "")

    def together(self, *kinds: str, owner: str = "") -> str:
        """The clauses of several kinds, with commas."""
        return ", ".join(unended(clause) for kind in kinds for clause in self.every(kind, owner) if clause)

    @property
    def owners(self) -> tuple[str, ...]:
        """Characters in the order of the shot."""
        return tuple(dict.fromkeys(fact.owner for fact in self._facts if fact.owner))

    def name(self, owner: str) -> str:
        """Name of a character; `Another` when even its identity had no room."""
        named = (fact.tags[0] for fact in self._facts if fact.kind == "identity" and fact.owner == owner)
        return next(named, "Another")


_DETERMINERS: Final = ("a ", "an ", "the ", "one ")
_NUMBERS: Final = ("two ", "three ", "four ", "five ", "six ", "seven ", "eight ", "nine ", "ten ")
#: Words of a kind of place that has no sentence of its own.
_BARE_WORDS: Final = 2

Writer = Callable[[_Sheet], list[str]]


def _prompt(sheet: _Sheet) -> list[str]:
    return [sheet.one("prompt"), begun(sheet.one("subject"))]


def _note(sheet: _Sheet) -> list[str]:
    note = sheet.one("note")
    return [f"Change from the last take: {note}"] if note else []


def _frame(sheet: _Sheet) -> list[str]:
    """What kind of picture it is; how close, from where and how framed; who shares the frame."""
    view = sheet.together("shot-size", "framing", "angle", "composition", "facing")
    count = sheet.one("cast-count")
    return [unended(sheet.one("style")), view, _counted(sheet, count)]


def _counted(sheet: _Sheet, count: str) -> str:
    """`There is nobody …`, `There are two characters …`, and of one who it is that is alone."""
    if not count or count.startswith("the only"):
        return f"{sheet.name(next(iter(sheet.owners), ''))} is {count}" if count else ""
    return f"There {'is' if count.startswith(('nobody', 'one ')) else 'are'} {count}"


def _cast(sheet: _Sheet) -> list[str]:
    return [sentence for owner in sheet.owners for sentence in (*_look(sheet, owner), *_performance(sheet, owner))]


def _look(sheet: _Sheet, owner: str) -> list[str]:
    """Who it is, in one sentence where the description is a phrase; then the costume, and what differs now."""
    name, description = sheet.name(owner), sheet.one("character", owner)
    has, worn, now = (sheet.one(kind, owner) for kind in ("identity", "costume", "changing"))
    inline = bool(description) and is_short_phrase(description) and not _starts_with(description, name)
    role = _role(description) if inline else ""
    # Words that wake an adapter stand beside the name: a model that loads none reads past them.
    trigger = sheet.one("trigger", owner)
    called = f"{name} ({trigger})" if trigger else name
    sentences = [f"{called} is {role}"] if role else [description] if description and not inline else []
    subject = f"{called}, {appositive(description)}," if inline and not role else called
    if has.startswith("aged "):
        sentences.append(f"{subject} is {has}")
    elif has:
        sentences.append(f"{subject} has {has}")
    elif subject != called:
        sentences.append(f"{subject} is in view")
    if worn:
        sentences.append(f"{name if sentences else called} wears {worn}")
    if now:
        sentences.append(f"{name if sentences else called} now has {now}")
    return sentences or [f"{called} is in view"]


def _role(description: str) -> str:
    """A description that says what somebody is, `a singer, …`; empty where it only says how, `tall and dark`."""
    words = appositive(description)
    if words.casefold().startswith(_DETERMINERS) or "'s " in words.split(",", maxsplit=1)[0]:
        return words
    # What a second name explains is a name itself: `singer at the Blue Heron, a woman who …`.
    first, _, rest = words.partition(", ")
    if not first[:1].islower() or not rest.startswith(("a ", "an ", "the ")):
        return ""
    return f"{article(first)} {words}"


def _performance(sheet: _Sheet, owner: str) -> list[str]:
    """What the character does and how it is seen; then what the face says."""
    name, action = sheet.name(owner), sheet.one("character-action", owner)
    seen = sheet.together("gesture", "facing", "mood-body", owner=owner)
    expression = sheet.one("expression", owner)
    told = [f"{_possessive(name)} expression: {expression}"] if expression else []
    if not action:
        return [*([f"{name} is {seen}" if sheet.one("facing", owner) else f"{name}: {seen}"] if seen else []), *told]
    lead = _acting(name, unended(action))
    return [f"{lead}, {seen}" if seen else lead, *told]


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _acting(name: str, action: str) -> str:
    """`Radha walks …`, `Radha is walking …`; a colon where the words fit neither."""
    if _starts_with(action, name):
        return action
    first = action.split(" ", 1)[0]
    if first.isascii() and first.islower() and first.endswith("ing"):
        return f"{name} is {action}"
    if first.isascii() and first.islower() and first.endswith("s"):
        return f"{name} {action}"
    return f"{name}: {action}"


def _starts_with(text: str, name: str) -> bool:
    return text.casefold().startswith(name.casefold())


def _events(sheet: _Sheet) -> list[str]:
    return [sheet.one("description"), _shot_action(sheet), sheet.one("speaking")]


def _shot_action(sheet: _Sheet) -> str:
    """A shot's action; a bare `walking` is said of whoever is in the frame."""
    action, owners = sheet.one("action"), sheet.owners
    first = action.split(" ", 1)[0].rstrip(".,;")
    if not owners or not (first.isascii() and first.islower() and first.endswith("ing")):
        return action
    return f"{sheet.name(owners[0])} is {action}" if len(owners) == 1 else f"They are {action}"


def _place(sheet: _Sheet) -> list[str]:
    landmarks, name, kind = sheet.one("landmarks"), sheet.one("location"), sheet.one("location-type")
    # A kind of place without a wording of its own is a bare word, which stands beside the name.
    bare = bool(name and kind) and kind.isascii() and len(kind.split()) <= _BARE_WORDS and "," not in kind
    if bare:
        name = f"{name}, {article(kind)} {kind}"
    where = f"The setting is {within(name)}" if name else ""
    if landmarks:
        where = f"{where}, with {_determined(landmarks)}" if where else f"The setting shows {_determined(landmarks)}"
    around, air = sheet.one("environment"), sheet.one("atmosphere")
    return [
        where,
        f"It is {kind}" if kind and not bare else "",
        sheet.one("location-description"),
        around and f"The surroundings show {around}",
        air and f"The air and sky: {air}",
    ]


def _determined(things: str) -> str:
    told = (
        "a ",
        "an ",
        "the ",
        "one ",
        "two ",
        "three ",
        "four ",
        "five ",
        "six ",
        "seven ",
        "eight ",
        "nine ",
        "ten ",
    )
    return things if things.casefold().startswith(told) else f"its {things}"


def _when(sheet: _Sheet) -> list[str]:
    words = sheet.together("time", "season", "weather")
    return [f"It is {words}" if sheet.one("time") else words]


def _light(sheet: _Sheet) -> list[str]:
    """The set-up with its source; then the key light in numbers."""
    lit, source = unended(sheet.one("lighting")), unended(sheet.one("light-source"))
    told = " and ".join(part for part in (lit, source) if part)
    return [f"The scene is lit by {told}" if told else "", sheet.one("light")]


def _props(sheet: _Sheet) -> list[str]:
    props = [unended(prop) for prop in sheet.every("props")]
    return [f"In shot: {'; '.join(props)}"] if props else []


def _continuity(sheet: _Sheet) -> list[str]:
    return [f"This frame {clause}" for clause in sheet.every("continuity")]


def _lens(sheet: _Sheet) -> list[str]:
    lens, focus, ratio = sheet.one("lens"), sheet.one("focus"), sheet.one("ratio")
    glass = f"Shot on {lens}" if lens else ""
    seen = f"{glass}, with {focus}" if glass and focus else glass or (focus and f"Shot with {focus}")
    held = sheet.one("movement")
    words = ", ".join(part for part in (seen, held) if part)
    return [f"{words}, in a {ratio}" if words and ratio else words or (ratio and f"Composed for a {ratio}")]


def _mood(sheet: _Sheet) -> list[str]:
    mood = unended(sheet.one("mood"))
    return [f"The mood is {mood}"] if mood else []


def _style(sheet: _Sheet) -> list[str]:
    period, quality = sheet.one("period"), listed([unended(clause) for clause in sheet.every("quality")])
    return [
        sheet.one("style-guide"),
        period and f"Period and culture: {period}",
        quality and f"The image has {quality}",
    ]


#: The order of reading: (kinds, writer). A fact of a kind that is in none would be lost, which a test forbids.
GROUPS: Final[tuple[tuple[frozenset[str], Writer], ...]] = (
    (frozenset({"prompt", "subject"}), _prompt),
    (frozenset({"note"}), _note),
    (frozenset({"style", "shot-size", "cast-count", "framing", "facing", "angle", "composition"}), _frame),
    (
        frozenset(
            {
                "identity",
                "character",
                "costume",
                "changing",
                "trigger",
                "character-action",
                "gesture",
                "expression",
                "mood-body",
            }
        ),
        _cast,
    ),
    (frozenset({"description", "action", "speaking"}), _events),
    (
        frozenset({"landmarks", "location", "location-type", "location-description", "environment", "atmosphere"}),
        _place,
    ),
    (frozenset({"time", "season", "weather"}), _when),
    (frozenset({"lighting", "light-source", "light"}), _light),
    (frozenset({"props"}), _props),
    (frozenset({"continuity"}), _continuity),
    (frozenset({"lens", "focus", "movement", "ratio"}), _lens),
    (frozenset({"mood"}), _mood),
    (frozenset({"quality", "style-guide", "period"}), _style),
)
#: Groups that lead every prompt anyway; stressed ones of the rest come right after them.
_LEADING = 4


def natural_prompt(
    facts: Sequence[Planned], stressed: frozenset[str] = frozenset(), limit: int = NATURAL_LIMIT
) -> tuple[str, tuple[DroppedFact, ...]]:
    """The facts in sentences, within `limit` characters; facts of the last ranks give way first.

    A long fact that had to go leaves room: what is shorter and went before it comes back, most important first.

    Args:
        facts: by importance.
        stressed: kinds that a retake strengthens: their sentences move forward and say that they matter.
        limit: characters.
    """
    kept = [fact for fact in facts if not fact.omitted]
    text = _written(kept, stressed)
    gone: list[Planned] = []
    while len(text) > limit and kept:
        excess = len(text) - limit
        while excess > 0 and kept:
            fact = kept.pop(_least(kept))
            excess -= len(fact.clause)
            gone.append(fact)
        text = _written(kept, stressed)
    for fact in [item for item in facts if item in gone]:
        fuller = [item for item in facts if item in kept or item is fact]
        if len(text) + len(fact.clause) <= limit and len(longer := _written(fuller, stressed)) <= limit:
            kept, text = fuller, longer
            gone.remove(fact)
    omitted = [fact.dropped(fact.omitted) for fact in facts if fact.omitted]
    return text, (*omitted, *(fact.dropped(f"{limit}-character limit") for fact in gone))


def _least(facts: Sequence[Planned]) -> int:
    """Place of the least important fact; vital ones only when nothing else is left."""
    places = [place for place, fact in enumerate(facts) if fact.kind not in VITAL]
    return places[-1] if places else len(facts) - 1


def _written(facts: Sequence[Planned], stressed: frozenset[str]) -> str:
    sheet = _Sheet(facts)
    leading: list[str] = []
    stress: list[str] = []
    rest: list[str] = []
    for place, (kinds, writer) in enumerate(GROUPS):
        sentences = [ended(sentence) for sentence in writer(sheet) if sentence]
        if writer is not _prompt:  # what was written by hand stays as it was written
            sentences = [begun(sentence) for sentence in sentences]
        if kinds & stressed and sentences:
            sentences[0] = f"Most important: {sentences[0]}"
        group = leading if place < _LEADING else stress if kinds & stressed else rest
        group.extend(sentences)
    return " ".join((*leading, *stress, *rest))
