"""What the next take changes, from what was wrong with the last."""

from collections.abc import Iterable, Mapping

from schemas.prompt import PromptBuilt, RetakeInstruction, RetakeRequested
from schemas.validation import Outcome
from services.orchestrator.domain.request import conditioned
from services.orchestrator.domain.state import Checked

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
