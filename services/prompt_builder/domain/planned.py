"""A fact on its way into the prompts, and the order of importance of all kinds of facts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from schemas.prompt import DroppedFact, Fact
from services.prompt_builder.domain.wording import clip, one_line, pieces

#: Kinds that survive every cut, most important first.
VITAL: Final = ("identity", "cast-count", "shot-size")

#: Every kind of fact, most important first: what a budget cuts comes from the end.
KINDS: Final = (
    *VITAL,
    "trigger",
    "subject",
    "note",
    "prompt",
    "style",
    "costume",
    "character-action",
    "action",
    "description",
    "landmarks",
    "location",
    "lighting",
    "light-source",
    "time",
    "angle",
    "framing",
    "changing",
    "expression",
    "mood",
    "weather",
    "season",
    "speaking",
    "facing",
    "props",
    "continuity",
    "gesture",
    "character",
    "location-type",
    "location-description",
    "environment",
    "atmosphere",
    "composition",
    "lens",
    "focus",
    "movement",
    "light",
    "mood-body",
    "period",
    "style-guide",
    "ratio",
    "quality",
)
_ORDER: Final = {kind: place for place, kind in enumerate(KINDS)}

#: Characters of one fact: what people write at length, and everything else.
LONG_TEXT: Final = 4000
SHORT_TEXT: Final = 1200
_LONG_KINDS: Final = frozenset({"prompt", "note", "description", "action", "period", "style-guide"})
_DROPPED_TEXT: Final = 1000
_REASON_TEXT: Final = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """One fact with its wordings.

    Attributes:
        kind: one of `KINDS`.
        clause: its words within a sentence.
        source: where it comes from.
        tags: its words as tags; most telling first.
        text: the fact by itself, in plain words; empty = the clause.
        weight: emphasis, 1 = neutral.
        owner: the character whom it is about; empty = the frame.
        omitted: why no prompt says it; empty = prompts say it.
        rank: place in the order of importance, from 0; None until the facts are in order.
    """

    kind: str
    clause: str
    source: str
    tags: tuple[str, ...] = ()
    text: str = ""
    weight: float = 1.0
    owner: str = ""
    omitted: str = ""
    rank: int | None = None

    @property
    def plain(self) -> str:
        """The fact by itself."""
        return self.text or self.clause

    def fact(self, rank: int) -> Fact:
        """The fact as it is published."""
        return Fact(
            kind=self.kind,
            text=clip(self.plain, LONG_TEXT),
            source=clip(self.source, _REASON_TEXT),
            weight=round(self.weight, 2),
            rank=rank,
        )

    def dropped(self, reason: str, text: str = "", *, part: bool = False) -> DroppedFact:
        """The fact, or with `part` the rest of one that a prompt says, as what a prompt leaves out."""
        gone = dropped(self.kind, text or self.plain, reason)
        return gone.model_copy(update={"rank": self.rank, "part": part})


def planned(kind: str, clause: str, source: str, tag: str = "", **more: object) -> Planned:
    """A fact with its text on one line and its tags cut from `tag`, or else from the clause."""
    line = one_line(clause)
    made = Planned(kind=kind, clause=line, source=source, tags=pieces(tag or line))
    return replace(made, **more) if more else made  # type: ignore[arg-type] # names are checked by replace


def dropped(kind: str, text: str, reason: str) -> DroppedFact:
    """What a prompt leaves out; an enormous text is named by its beginning."""
    line = one_line(text)
    head = clip(line, _DROPPED_TEXT)
    more = len(line) - len(head)
    shown = f"{head} … ({more} more characters)" if more else head
    return DroppedFact(kind=kind, text=shown, reason=clip(reason, _REASON_TEXT))


def bounded(facts: Iterable[Planned]) -> tuple[tuple[Planned, ...], tuple[DroppedFact, ...]]:
    """The facts at a bearable length, and what was cut off from them."""
    kept: list[Planned] = []
    cut: list[DroppedFact] = []
    for fact in facts:
        limit = LONG_TEXT if fact.kind in _LONG_KINDS else SHORT_TEXT
        if len(fact.clause) <= limit and len(fact.plain) <= limit:
            kept.append(fact)
            continue
        clause, text = clip(fact.clause, limit), clip(fact.text, limit)
        cut.append(
            fact.dropped(f"longer than {limit} characters: cut", fact.clause[len(clause) :] or fact.plain, part=True)
        )
        kept.append(replace(fact, clause=clause, text=text))
    return tuple(kept), tuple(cut)


def ordered(facts: Iterable[Planned]) -> tuple[Planned, ...]:
    """By importance; facts of one kind stay in the order given."""
    return tuple(sorted(facts, key=lambda fact: _ORDER[fact.kind]))


def ranked(facts: Iterable[Planned]) -> tuple[Planned, ...]:
    """The facts with their ranks, in the order given."""
    return tuple(replace(fact, rank=rank) for rank, fact in enumerate(facts))
