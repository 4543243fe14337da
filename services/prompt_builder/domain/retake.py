"""A retake words the same facts again: what failed goes first and heavier, what went wrong is to be avoided."""

from collections.abc import Sequence
from dataclasses import replace

from schemas.prompt import DroppedFact, RetakeInstruction
from services.prompt_builder.domain.planned import VITAL, Planned, dropped, planned

_STRESS = 1.2
#: Above this, models that read weights distort the picture.
HEAVIEST = 1.5
_NOTE_WEIGHT = 1.2


def retaken(
    facts: Sequence[Planned], instruction: RetakeInstruction | None
) -> tuple[tuple[Planned, ...], tuple[DroppedFact, ...]]:
    """The ordered facts with an instruction applied, and the kinds to strengthen that this frame doesn't have."""
    if instruction is None:
        return tuple(facts), ()
    stressed = tuple(
        replace(fact, weight=min(HEAVIEST, fact.weight * _STRESS)) if fact.kind in instruction.strengthen else fact
        for fact in facts
    )
    note = (planned("note", instruction.note, "retake.note", weight=_NOTE_WEIGHT),) if instruction.note.strip() else ()
    vital = tuple(fact for fact in stressed if fact.kind in VITAL)
    first = tuple(fact for fact in stressed if fact.kind in instruction.strengthen and fact not in vital)
    rest = tuple(fact for fact in stressed if fact not in vital and fact not in first)
    present = {fact.kind for fact in facts if not fact.omitted}
    missing = tuple(
        dropped(kind, kind, "to be strengthened, but this frame has no such fact")
        for kind in dict.fromkeys(instruction.strengthen)
        if kind not in present
    )
    return (*vital, *note, *first, *rest), missing
