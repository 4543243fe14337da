"""What the frame must not show, most urgent first."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from schemas.conditioning import ConditionedEvent
from schemas.prompt import DroppedFact, RetakeInstruction
from schemas.vocabulary import SubjectKind
from services.prompt_builder.domain.planned import dropped
from services.prompt_builder.domain.templates import Entry, Templates
from services.prompt_builder.domain.tokens import CLIP_BUDGET, TokenCount
from services.prompt_builder.domain.wording import begun, ended, pieces

#: Characters of a negative prompt in sentences' dialect; the least that a vendor with one takes (10,000) less a margin.
NATURAL_LIMIT = 9_000

#: Key of the table `never` that holds only for frames with dialogue.
_SPEECH: Final = "speech"
#: Key that holds for no sheet, which shows one character several times.
_DOUBLES: Final = "doubles"
_OF_PEOPLE: Final = frozenset({"anatomy", _DOUBLES})
#: References in even light before a plain background, and what is not ruled out for them.
_EVENLY_LIT: Final = frozenset({SubjectKind.CHARACTER_SHEET, SubjectKind.PROP_VIEW})
_OF_EVEN_LIGHT: Final = frozenset({"flat light", "flat lighting", "even lighting", "studio backdrop", "posed"})
_WITHOUT_PEOPLE: Final = frozenset({SubjectKind.LOCATION_PLATE, SubjectKind.PROP_VIEW})
_RETAKE = "retake.avoid"


def negatives(
    event: ConditionedEvent, templates: Templates, retake: RetakeInstruction | None
) -> tuple[tuple[str, str], ...]:
    """(source, words) of everything to avoid: retake, shot, project, style, light and mood, then what holds always."""
    shot, project = event.run.shot, event.run.project
    asked: list[tuple[str, Iterable[str]]] = [
        (_RETAKE, [piece for text in (retake.avoid if retake else ()) for piece in pieces(text)]),
        ("shot.negative_prompt", pieces(shot.negative_prompt)),
        ("project.negative_prompt", pieces(project.negative_prompt)),
    ]
    unfit = frozenset() if event.run.subject not in _EVENLY_LIT else _OF_EVEN_LIGHT
    asked += [
        (entry.source, [word for word in pieces(entry.negative) if word.casefold() not in unfit])
        for entry in _entries(event, templates)
    ]
    first: dict[str, tuple[str, str]] = {}
    for source, words in asked:
        for word in words:
            first.setdefault(word.casefold(), (source, word))
    return tuple(first.values())


def _entries(event: ConditionedEvent, templates: Templates) -> Iterator[Entry]:
    """Wordings that rule something out for this frame."""
    shot = event.run.shot
    of_shot = (("lighting", shot.lighting), ("mood", shot.mood))
    for table, key in (("style", event.run.style), *(of_shot if event.run.subject is SubjectKind.KEYFRAME else ())):
        entry = templates.entry(table, key)
        if entry is not None:
            yield entry
    for key, entry in templates.tables.get("never", {}).items():
        if _holds(key, event):
            yield entry


def _holds(key: str, event: ConditionedEvent) -> bool:
    """Whether something of the table `never` is to be ruled out: what names people would call them into the frame."""
    subject = event.run.subject
    if key == _SPEECH:
        return subject is SubjectKind.KEYFRAME and bool(event.run.shot.dialogue.strip())
    if key in _OF_PEOPLE and (subject in _WITHOUT_PEOPLE or (event.cast and not event.visible_cast)):
        return False
    return key != _DOUBLES or subject is not SubjectKind.CHARACTER_SHEET


def folded(event: ConditionedEvent, templates: Templates, words: Sequence[tuple[str, str]]) -> str:
    """The words in sentences: what the engine rules out as what is there instead, what people do as a short list.

    Args:
        event: the conditioned shot.
        templates: with the project's own.
        words: of `negatives`.
    """
    instead = {entry.source: entry.instead for entry in _entries(event, templates) if entry.instead}
    told = [word for source, word in words if source == _RETAKE]
    listed = [word for source, word in words if source != _RETAKE and source not in instead]
    sentences = [
        f"Avoid in this take: {', '.join(told)}." if told else "",
        f"Keep out of the frame: {', '.join(listed)}." if listed else "",
        *(ended(begun(text)) for text in dict.fromkeys(instead.values())),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def natural_negative(words: Sequence[tuple[str, str]]) -> tuple[str, tuple[DroppedFact, ...]]:
    """As a list of phrases within `NATURAL_LIMIT` characters."""
    costs = [len(word) + 2 for _, word in words]
    kept, cut = _within(words, costs, NATURAL_LIMIT, f"{NATURAL_LIMIT}-character limit")
    return ", ".join(kept), cut


def tags_negative(words: Sequence[tuple[str, str]], count: TokenCount) -> tuple[str, tuple[DroppedFact, ...]]:
    """As tags within the token budget."""
    costs = [count(word) + 1 for _, word in words]
    kept, cut = _within(words, costs, CLIP_BUDGET, f"{CLIP_BUDGET}-token budget")
    return ", ".join(kept), cut


def _within(
    words: Sequence[tuple[str, str]], costs: Sequence[int], budget: int, reason: str
) -> tuple[list[str], tuple[DroppedFact, ...]]:
    kept: list[str] = []
    cut: list[DroppedFact] = []
    left = budget
    for (source, word), cost in zip(words, costs, strict=True):
        if cost <= left:
            left -= cost
            kept.append(word)
        else:
            cut.append(dropped("negative", word, f"{reason} ({source})"))
    return kept, tuple(cut)
