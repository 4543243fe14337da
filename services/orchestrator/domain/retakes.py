"""What the next take changes, from what was wrong with the last."""

from collections.abc import Iterable, Mapping

from schemas.prompt import PromptBuilt, RetakeInstruction, RetakeRequested
from schemas.validation import Outcome
from services.orchestrator.domain.references import other_view
from services.orchestrator.domain.request import conditioned
from services.orchestrator.domain.state import Attempt, Checked

#: Kinds of facts to stress, by failed check.
_STRENGTHEN: Mapping[str, tuple[str, ...]] = {
    "identity": ("identity",),
    "cast-count": ("cast-count",),
    "location": ("location",),
    "style": ("style",),
    "alignment": ("action", "shot-size", "angle"),
    "clipped-blacks": ("lighting",),
    "clipped-whites": ("lighting",),
    "mean-luma": ("lighting",),
    "hair-colours": ("identity",),
    "attire-colours": ("costume",),
    "palette": ("location", "landmarks", "environment"),
    "place-colours": ("location", "landmarks", "environment"),
    "unexplained-colours": ("identity", "costume", "cast-count"),
}
#: Wording against a fault, by failed check.
_AVOID: Mapping[str, str] = {
    "sharpness": "blurred, out of focus",
    "clipped-blacks": "underexposed, crushed blacks",
    "clipped-whites": "overexposed, blown-out highlights",
    "mean-luma": "overexposed, underexposed",
    "unexplained-colours": "additional people, additional objects",
    "stray-text": "text, letters, watermark, signature, logo",
    "safety": "nudity",
    "not-blank": "blank, empty, plain colour",
    "copy-paste": "pasted cut-out, duplicate of a reference picture",
    "cast-count": "additional people, missing people",
}
_TEXT = 4000


def after_validation(checked: Checked) -> RetakeInstruction:
    """The change after a failed validation: another seed, and stress on what failed."""
    failed = tuple(score for score in checked.scores if score.outcome is Outcome.FAILED)
    names = tuple(dict.fromkeys(score.check for score in failed))
    details = [f"{score.check}: {score.detail}" for score in failed if score.detail]
    reason = "; ".join(checked.reasons or details) or f"failed {', '.join(names) or 'validation'}"
    return RetakeInstruction(
        reason=reason[:_TEXT],
        failed_checks=names,
        strengthen=_once(kind for name in names for kind in _STRENGTHEN.get(name, ())),
        avoid=_once(_AVOID[name] for name in names if name in _AVOID),
        new_seed=True,
    )


def after_review(reviewer: str, note: str) -> RetakeInstruction:
    """The change after a reviewer's re-roll: another seed, and the reviewer's words."""
    return RetakeInstruction(reason=f"{reviewer} asked for another take", note=note, new_seed=True)


def after_refusal(model: str, reason: str, note: str) -> RetakeInstruction:
    """The change after a refusal: the same frame and seed, with a note that asks for what may be shown."""
    return RetakeInstruction(reason=f"{model} refused the prompt: {reason}"[:_TEXT], note=note, new_seed=False)


def changes(prompt: PromptBuilt, before: str | None, model: str) -> str:
    """What a call changes against the one before it, for people; empty for the first take.

    Args:
        prompt: the wording of this take.
        before: model of the call before; None for the first call.
        model: model of this call.
    """
    instruction = prompt.retake
    if instruction is None or prompt.take == 1:
        return ""
    stressed, against = ", ".join(instruction.strengthen), ", ".join(instruction.avoid)
    parts = (
        "another seed" if instruction.new_seed else "",
        f"stressed {stressed}" if stressed else "",
        f"against: {against}" if against else "",
        f"another view of the references (take {prompt.take})" if other_view(prompt) else "",
        "a reviewer's note" if instruction.note else "",
        f"{model} instead of {before}" if before not in {None, model} else "",
    )
    return "; ".join(part for part in parts if part)


def faults(attempt: Attempt) -> tuple[int, int]:
    """How many checks an attempt failed, and how many warned: fewer is better."""
    scores = attempt.checked.scores if attempt.checked is not None else ()
    failed, warned = (sum(score.outcome is outcome for score in scores) for outcome in (Outcome.FAILED, Outcome.WARNED))
    return failed, warned


def retake(prompt: PromptBuilt, take: int, instruction: RetakeInstruction) -> RetakeRequested:
    """The request for another wording; it carries the conditioned shot."""
    return RetakeRequested(
        **conditioned(prompt),
        degradations=prompt.degradations,
        take=take,
        instruction=instruction,
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
