"""A job within a model's traits: what the model doesn't take is left out before sending, and listed.

The router plans the same from its catalogue; this is the last word, by the vendor module's own data. Pure.
"""

import re

from schemas.bible import Lora
from schemas.conditioning import Degradation
from schemas.generation import ReferenceUse
from services.generation.providers import guiding
from services.generation.providers.base import ImageJob
from services.generation.providers.errors import PromptTooLong
from services.generation.providers.vendor import INIT, ModelTraits, Reference, VendorJob

_PHRASE = 500


def references_to_send(job: ImageJob, traits: ModelTraits) -> tuple[ReferenceUse, ...]:
    """The first references up to the model's limit; a picture to begin with is none."""
    shown = tuple(use for use in job.references if use.role != INIT)
    return shown[: traits.references.most if traits.references else 0]


def start_to_send(job: ImageJob, traits: ModelTraits) -> ReferenceUse | None:
    """The picture to begin with; None = there is none, or the model can't begin with it here."""
    if traits.start is None or (guiding.wanted(job, traits) and traits.guide and not traits.guide.beside_start):
        return None
    return next((use for use in job.references if use.role == INIT), None)


def fitted(job: ImageJob, traits: ModelTraits, references: tuple[Reference, ...]) -> VendorJob:
    """What is asked of the vendor.

    Args:
        job: as the worker has it.
        traits: of its model.
        references: of `references_to_send`, read; empty when a call is resumed.

    Raises:
        PromptTooLong: the prompt exceeds the model's limit.
    """
    if len(job.prompt) > traits.prompt_max_chars:
        raise PromptTooLong(
            f"prompt: {len(job.prompt)} characters, allowed are {traits.prompt_max_chars} by {job.model}"
        )
    seed, seeded = _seed(job, traits)
    steps, cfg_scale = _bounded(job.steps, traits.steps), _bounded(job.cfg_scale, traits.cfg_scale)
    return VendorJob(
        generation_id=job.generation_id,
        model=job.model,
        traits=traits,
        prompt=job.prompt,
        negative_prompt=job.negative_prompt if traits.negative_prompt else "",
        width=job.width,
        height=job.height,
        size=traits.sizes.nearest(job.width, job.height),
        seed=seed,
        references=references,
        loras=_loras_to_send(job, traits),
        steps=None if steps is None else int(steps),
        cfg_scale=cfg_scale,
        degradations=(
            *seeded,
            *_left_out(job, traits),
            *_uncut(references),
            *_moved("steps", job.steps, steps),
            *_moved("cfg-scale", job.cfg_scale, cfg_scale),
        ),
    )


def _seed(job: ImageJob, traits: ModelTraits) -> tuple[int | None, tuple[Degradation, ...]]:
    if job.seed is None:
        return None, ()
    if traits.seeds is None:
        return None, (_loss("seed-not-supported", f"seed {job.seed}", f"{job.model} takes no seed"),)
    least, most = traits.seeds
    if least <= job.seed <= most:
        return job.seed, ()
    sent = least + job.seed % (most - least + 1)
    reason = f"{job.model} takes seeds from {least} to {most}; {sent} was derived from it"
    return sent, (_loss("seed-mapped", f"seed {job.seed}", reason),)


def _left_out(job: ImageJob, traits: ModelTraits) -> tuple[Degradation, ...]:
    losses = []
    if job.negative_prompt and not traits.negative_prompt:
        reason = f"{job.model} takes no negative prompt"
        losses.append(_loss("negative-prompt-unsupported", f"negative prompt: {job.negative_prompt}", reason))
    sent, start = references_to_send(job, traits), start_to_send(job, traits)
    shown = [use for use in job.references if use.role != INIT]
    reason = f"{job.model} takes {len(sent) or 'no'} reference(s), {len(shown)} were to be sent"
    losses += [_loss("reference-dropped", f"{use.role} {use.entity_id or ''}", reason) for use in shown[len(sent) :]]
    begins = f"{job.model} can't begin with this picture here"
    losses += [
        _loss("reference-dropped", f"{use.role} {use.entity_id or ''}", begins)
        for use in job.references
        if use.role == INIT and use != start
    ]
    strong = sum(use.strength is not None for use in sent)
    if strong and traits.references is not None and not traits.references.strength:
        reason = f"{job.model} takes references without strength"
        losses.append(_loss("reference-strength-unsupported", f"strength of {strong} reference(s)", reason))
    kept = _loras_to_send(job, traits)
    losses += [
        _loss("lora-dropped", f"adapter {lora.lora_id}", _misfit(lora, job.model, traits) or _full(job.model, traits))
        for lora in job.loras
        if lora not in kept
    ]
    return tuple(losses)


def _uncut(references: tuple[Reference, ...]) -> tuple[Degradation, ...]:
    return tuple(
        _loss("reference-not-cut", f"{reference.role} {reference.entity_id or ''}", reference.loss)
        for reference in references
        if reference.loss
    )


def _loras_to_send(job: ImageJob, traits: ModelTraits) -> tuple[Lora, ...]:
    return tuple(lora for lora in job.loras if _misfit(lora, job.model, traits) is None)[: traits.loras]


def _misfit(lora: Lora, model: str, traits: ModelTraits) -> str | None:
    """Why the model can't take an adapter; None = it can."""
    base = lora.base_model
    if traits.lora_base is not None and base is not None and base.lower() != traits.lora_base:
        return f"trained for {base}, {model} takes adapters for {traits.lora_base}"
    if traits.lora_ids is not None and not re.fullmatch(traits.lora_ids, lora.lora_id):
        return f"{lora.lora_id!r} is no id of an adapter at the vendor of {model}"
    return None


def _full(model: str, traits: ModelTraits) -> str:
    return f"{model} takes {traits.loras or 'no'} adapter(s)"


def _bounded(value: float | None, bounds: tuple[float, float] | None) -> float | None:
    return None if value is None or bounds is None else min(max(value, bounds[0]), bounds[1])


def _moved(name: str, asked: float | None, sent: float | None) -> tuple[Degradation, ...]:
    if asked is None or asked == sent:
        return ()
    if sent is None:
        return (_loss(f"{name}-not-supported", f"{name} {asked:g}", "the model has no such parameter"),)
    return (_loss(f"{name}-mapped", f"{name} {asked:g}", f"the nearest that the model takes is {sent:g}"),)


def _loss(code: str, what: str, reason: str) -> Degradation:
    return Degradation(code=code, what=what[:_PHRASE].strip(), reason=reason[:_PHRASE])
