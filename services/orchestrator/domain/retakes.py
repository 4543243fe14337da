"""What the next take changes, from what was wrong with the last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.prompt import PromptBuilt, RetakeInstruction, RetakeRequested
from schemas.validation import Outcome, Verdict
from services.orchestrator.domain.lessons import NO_LESSONS, Lessons, Strategy, skip
from services.orchestrator.domain.references import VIEW_CHECKS, other_view
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


def after_validation(checked: Checked, lessons: Lessons = NO_LESSONS) -> RetakeInstruction:
    """The change after a failed validation: another seed, and stress on what failed, without what never helped.

    A seed goes with every retake, as the same words and seed would paint the same frame. Where other seeds never helped
    against any of what failed, the next model is asked at once.
    """
    names = failed_checks(checked)
    tried = [(name, strategy) for name in names for strategy in Strategy if applies(name, strategy)]
    useless = {(name, strategy) for name, strategy in tried if lessons.useless(name, strategy)}

    def is_left(strategy: Strategy) -> bool:
        asked = [key for key in tried if key[1] is strategy]
        return not asked or any(key not in useless for key in asked)

    model = True if not is_left(Strategy.NEW_SEED) and is_left(Strategy.NEXT_MODEL) else None
    # What is useless against some of the checks only is still done for the others: it isn't left out.
    done = {item for item in (Strategy.OTHER_VIEW, Strategy.NEXT_MODEL) if is_left(item)}
    done |= set() if model else {Strategy.NEW_SEED}
    skipped = (key for key in tried if key in useless and key[1] not in done)
    return RetakeInstruction(
        reason=why_failed(checked),
        failed_checks=names,
        strengthen=_once(
            kind for name in names if (name, Strategy.STRESS) not in useless for kind in _STRENGTHEN.get(name, ())
        ),
        avoid=_once(_AVOID[name] for name in names if name in _AVOID and (name, Strategy.AVOID) not in useless),
        new_seed=True,
        other_view=is_left(Strategy.OTHER_VIEW),
        next_model=model if is_left(Strategy.NEXT_MODEL) else False,
        skipped=tuple(skip(*key) for key in skipped),
    )


def failed_checks(checked: Checked) -> tuple[str, ...]:
    """The checks that failed, each once."""
    return _once(score.check for score in checked.scores if score.outcome is Outcome.FAILED)


def why_failed(checked: Checked) -> str:
    """Why an image failed its checks, in words; empty = it did not fail."""
    if checked.verdict is not Verdict.FAILED:
        return ""
    names = failed_checks(checked)
    details = [f"{item.check}: {item.detail}" for item in checked.scores if item.check in names and item.detail]
    return ("; ".join(checked.reasons or details) or f"failed {', '.join(names) or 'validation'}")[:_TEXT]


def another(take: int, wanted: int) -> RetakeInstruction:
    """The change of one more take to choose from: another seed and nothing else."""
    return RetakeInstruction(reason=f"take {take} of {wanted} to choose the best from", new_seed=True)


def after_review(reviewer: str, note: str) -> RetakeInstruction:
    """The change after a reviewer's re-roll: another seed, and the reviewer's words."""
    return RetakeInstruction(reason=f"{reviewer} asked for another take", note=note, new_seed=True)


def after_refusal(model: str, reason: str, note: str) -> RetakeInstruction:
    """The change after a refusal: the same frame and seed, with a note that asks for what may be shown."""
    return RetakeInstruction(reason=f"{model} refused the prompt: {reason}"[:_TEXT], note=note, new_seed=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What a call changes against the take before it: nothing for the first.

    Attributes:
        told: for people.
        against: failed checks that it is made for.
        strategies: what it changes.
        tactics: which strategy speaks to which check, as `lessons.skip` writes it.
        skipped: what was left out as it never helped, likewise.
    """

    told: str = ""
    against: tuple[str, ...] = ()
    strategies: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def change(prompt: PromptBuilt, before: str | None, model: str) -> Change:
    """What a call changes.

    Args:
        prompt: the wording of this take.
        before: model of the call before; None for the first call.
        model: model of this call.
    """
    instruction = prompt.retake
    if instruction is None or prompt.take == 1:
        return Change()
    moved = before not in {None, model}
    # Another model with another seed is another model: what would a seed have done?
    done = {
        Strategy.NEW_SEED: instruction.new_seed and not moved,
        Strategy.STRESS: bool(instruction.strengthen),
        Strategy.AVOID: bool(instruction.avoid),
        Strategy.OTHER_VIEW: other_view(prompt),
        Strategy.NEXT_MODEL: moved,
    }
    used = [strategy for strategy, was_done in done.items() if was_done]
    names = instruction.failed_checks
    # With no other model left a seed is changed all the same.
    seeds = {skip(name, Strategy.NEW_SEED) for name in names} if done[Strategy.NEW_SEED] else set()
    skipped = tuple(item for item in instruction.skipped if item not in seeds)
    tactics = (skip(name, item) for name in names for item in used if applies(name, item))
    return Change(
        told="; ".join(_told(prompt, skipped, f"{model} instead of {before}" if moved else "")),
        against=names,
        strategies=tuple(item.value for item in used),
        tactics=tuple(item for item in tactics if item not in skipped),
        skipped=skipped,
    )


def _told(prompt: PromptBuilt, skipped: tuple[str, ...], model: str) -> Iterable[str]:
    instruction = prompt.retake
    if instruction is None:
        return ()
    stressed, against = ", ".join(instruction.strengthen), ", ".join(instruction.avoid)
    parts = (
        "another seed" if instruction.new_seed else "",
        f"stressed {stressed}" if stressed else "",
        f"against: {against}" if against else "",
        f"another view of the references (take {prompt.take})" if other_view(prompt) else "",
        "a reviewer's note" if instruction.note else "",
        model,
        f"left out, as it never helped: {', '.join(skipped)}" if skipped else "",
    )
    return (part for part in parts if part)


def applies(check: str, strategy: Strategy) -> bool:
    """Whether a strategy can do anything about a check."""
    match strategy:
        case Strategy.STRESS:
            return check in _STRENGTHEN
        case Strategy.AVOID:
            return check in _AVOID
        case Strategy.OTHER_VIEW:
            return check in VIEW_CHECKS
        case _:
            return True


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
