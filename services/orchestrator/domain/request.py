"""The request for one model: what is sent, and a degradation for everything asked for that the model lacks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas import ids
from schemas.bible import Lora
from schemas.conditioning import ConditionedEvent, Degradation
from schemas.emphasis import literal, written
from schemas.generation import GenerationRequested, ReferenceUse
from schemas.project import CompositionGuide
from schemas.prompt import PromptBuilt, PromptChunk, RenderedPrompt, WeightedText
from schemas.topics import Lane
from schemas.vocabulary import Dialect, WeightForm
from services.orchestrator.domain.adapters import matched
from services.orchestrator.domain.catalogue import ModelCard, SeedSupport
from services.orchestrator.domain.fit import with_folded, wording
from services.orchestrator.domain.router import Choice
from services.orchestrator.domain.variations import references_beside, start_of, told_in_words

Losses = tuple[Degradation, ...]


@dataclass(frozen=True, slots=True)
class Sampling:
    """What models that have them are given where the project says nothing; None = the model's own default."""

    steps: int | None = None
    cfg_scale: float | None = None


MODELS_OWN = Sampling()

_PHRASE = 500


def plan_request(  # noqa: PLR0913 - what makes a request, by name
    prompt: PromptBuilt,
    choice: Choice,
    *,
    attempt: int = 1,
    seed: int | None = None,
    lane: Lane | None = None,
    defaults: Sampling = MODELS_OWN,
) -> GenerationRequested:
    """What the chosen model is asked, with `degradations` of the stages before and of this model, in that order.

    Args:
        prompt: the worded frame.
        choice: the router's answer.
        attempt: number of this call within the run, from 1.
        seed: seed of this take; None = `seed_of_take(prompt)`.
        lane: None = by the shot's priority.
        defaults: of this deployment.

    Raises:
        ValueError: the choice holds no model.
    """
    card = choice.chosen
    rendered = wording(card, prompt, choice.longest_prompt) if card is not None else None
    if card is None or rendered is None:
        raise ValueError("choice: no model was chosen; allowed is a choice with a capable model")
    sent, worded = _told(card, prompt, rendered, choice.longest_prompt)
    seed_to_send, seeded = _seed(card, seed_of_take(prompt) if seed is None else seed)
    references, referenced = _references(card, prompt)
    loras, adapted = _loras(card, prompt)
    asked = (*_wishes(choice, card), *_size(card, prompt))
    lost = (*asked, *worded, *seeded, *referenced, *adapted, *_sampling(card, prompt))
    return GenerationRequested(
        **conditioned(prompt),
        degradations=tuple(dict.fromkeys((*prompt.degradations, *lost))),
        provider=card.provider,
        model=card.model,
        lane=lane if lane is not None else prompt.run.lane,
        attempt=attempt,
        dialect=rendered.dialect,
        **sent,
        seed_to_send=seed_to_send,
        references=references,
        loras=loras,
        **_as_is(card, prompt, defaults),
        estimated_cost_usd_micros=card.price(prompt.run.width, prompt.run.height),
        considered=choice.considered,
    )


def conditioned(event: ConditionedEvent) -> dict[str, Any]:
    """The fields of a conditioned shot that every event of its run hands through unchanged."""
    return {
        "run": event.run,
        "cast": event.cast,
        "seed": event.seed,
        "location": event.location,
        "props": event.props,
        "continuity": event.continuity,
    }


def _as_is(card: ModelCard, prompt: PromptBuilt, defaults: Sampling) -> dict[str, Any]:
    """What is sent as the prompt has it, or left out where the model has no such value."""
    run = prompt.run
    steps, cfg_scale = run.project.steps, run.project.cfg_scale
    return {
        "take": prompt.take,
        "width": run.width,
        "height": run.height,
        "steps": (defaults.steps if steps is None else steps) if card.steps else None,
        "cfg_scale": (defaults.cfg_scale if cfg_scale is None else cfg_scale) if card.cfg_scale else None,
        "template_version": prompt.template_version,
    }


def seed_of_take(prompt: PromptBuilt, before: int | None = None) -> int:
    """Seed of a take: the run's own, or one derived from it when the retake wants another.

    `before` is the seed of the take before, kept by a retake that says so.
    """
    own = prompt.seed.value
    if prompt.retake is None or prompt.take == 1:
        return own
    if prompt.retake.new_seed:
        return ids.seed_from(str(own), "take", str(prompt.take))
    return own if before is None else before


def _loss(code: str, what: str, reason: str) -> Degradation:
    return Degradation(code=code, what=_short(what), reason=_short(reason))


def _short(text: str) -> str:
    return text if len(text) <= _PHRASE else text[: _PHRASE - 1] + "…"


def _wishes(choice: Choice, card: ModelCard) -> Losses:
    return tuple(
        _loss("preferred-model-unavailable", f"model {wish.name}", f"{wish.reason}; made by {card.model}")
        for wish in choice.unmet
    )


def _size(card: ModelCard, prompt: PromptBuilt) -> Losses:
    width, height = prompt.run.width, prompt.run.height
    made = card.made_size(width, height)
    if made is None or made == (width, height):
        return ()
    reason = f"{card.model} makes {made[0]}x{made[1]} or the like; it is scaled and cropped to the size asked for"
    return (_loss("size-adapted", f"size {width}x{height}", reason),)


def _told(card: ModelCard, prompt: PromptBuilt, rendered: RenderedPrompt, most: int) -> tuple[dict[str, Any], Losses]:
    """Both prompts as they are sent, with what to change in the plate where the model is told that."""
    told = literal(rendered.variant_told, card.weights) if told_in_words(card, prompt) else ""
    if not told:
        return _wording(card, rendered, most)
    # It comes before what must not be shown, where there is no room for both.
    sent, worded = _wording(card, rendered, most - len(told) - 1)
    sent, untold = _varied(card, told, sent, most)
    return sent, (*worded, *untold)


def _wording(card: ModelCard, rendered: RenderedPrompt, most: int) -> tuple[dict[str, Any], Losses]:
    """Prompt and negative prompt as they are sent, in the form in which the model's program reads weights."""
    losses: Losses = ()
    # A model that draws the facts doesn't read the wording, so nothing that the wording left out is lost on it.
    if not card.draws_facts:
        losses = tuple(_loss("fact-dropped", f"{fact.kind}: {fact.text}", fact.reason) for fact in rendered.dropped)
        losses += tuple(_respelled(card, rendered))
    text, negative = _in_form(rendered, card.weights), rendered.negative_prompt
    sent: dict[str, Any] = {
        "prompt": text,
        "negative_prompt": "",
        "weight_form": card.weights,
        "chunks": rendered.chunks,
    }
    if not negative:
        return sent, losses
    if card.negative_prompt:
        return {**sent, "negative_prompt": literal(negative, card.weights)}, losses
    what = f"negative prompt: {negative}"
    added = with_folded(rendered)[len(rendered.prompt) :]
    if added and len(text) + len(added) <= most:
        reason = f"{card.model} takes no negative prompt; it was put into sentences and added to the prompt"
        sent["prompt"] = text + literal(added, card.weights)
        sent["chunks"] = _with_sentences(rendered, added)
        return sent, (*losses, _loss("negative-prompt-folded", what, reason))
    reason = f"{card.model} takes no negative prompt and the prompt has no room or wording for it"
    return sent, (*losses, _loss("negative-prompt-unsupported", what, reason))


def _varied(card: ModelCard, told: str, sent: dict[str, Any], most: int) -> tuple[dict[str, Any], Losses]:
    """The wording after what is to change in the plate that the model is shown."""
    text = f"{told}\n{sent['prompt']}"
    if len(text) > most:
        reason = f"{card.model} takes {most} characters; it is shown the plate without the words"
        return sent, (_loss("variant-not-told", "what is to change in the plate that there is", reason),)
    chunks = sent["chunks"]
    if chunks:
        first, *others = chunks
        pieces = (WeightedText(text=f"{told}\n"), *first.pieces)
        chunks = (PromptChunk(pieces=pieces, tokens=first.tokens), *others)
    return {**sent, "prompt": text, "chunks": chunks}, ()


def _in_form(rendered: RenderedPrompt, form: WeightForm) -> str:
    if rendered.chunks:
        return written((chunk.pieces for chunk in rendered.chunks), form)
    return literal(rendered.prompt, form) if rendered.dialect is Dialect.NATURAL else rendered.prompt


def _with_sentences(rendered: RenderedPrompt, added: str) -> tuple[PromptChunk, ...]:
    """The chunks with sentences after them; none where the prompt has no weights to tell."""
    if not rendered.chunks:
        return ()
    *before, last = rendered.chunks
    return (*before, PromptChunk(pieces=(*last.pieces, WeightedText(text=added)), tokens=last.tokens))


def _respelled(card: ModelCard, rendered: RenderedPrompt) -> Iterable[Degradation]:
    """What the model is told in other letters, or without the weight that people gave it."""
    for name, spelled in rendered.names.items():
        yield _loss("name-romanised", f"name {name}", f"{card.model} is told {spelled}")


def _seed(card: ModelCard, seed: int) -> tuple[int | None, Losses]:
    if card.seed is None:
        return None, (_loss("seed-not-supported", f"seed {seed}", f"{card.model} takes no seed"),)
    sent = _within(card.seed, seed)
    if sent == seed:
        return seed, ()
    reason = f"{card.model} takes seeds from {card.seed.min} to {card.seed.max}; {sent} was derived from it"
    return sent, (_loss("seed-mapped", f"seed {seed}", reason),)


def _within(support: SeedSupport, seed: int) -> int:
    """The seed itself where the model takes it, else one derived from it, always the same."""
    if support.min <= seed <= support.max:
        return seed
    return support.min + seed % (support.max - support.min + 1)


def _references(card: ModelCard, prompt: PromptBuilt) -> tuple[tuple[ReferenceUse, ...], Losses]:
    start = start_of(card, prompt)
    wanted = references_beside(card, prompt)
    limit = card.references.max
    sent = tuple(item.use for item in wanted[:limit])
    if limit:
        reason = f"{card.model} takes {limit} reference(s), {len(wanted)} were wanted"
    elif card.draws_facts:
        reason = f"{card.model} takes no images; it draws the described facts instead"
    else:
        reason = f"{card.model} takes no references"
    losses = [_loss("reference-dropped", item.label, reason) for item in wanted[limit:]]
    if not card.references.strength and any(use.strength is not None for use in sent):
        what = f"strength of {sum(use.strength is not None for use in sent)} reference(s)"
        losses.append(_loss("reference-strength-unsupported", what, f"{card.model} takes references without strength"))
        sent = tuple(use.model_copy(update={"strength": None}) for use in sent)
    return (*((start,) if start is not None else ()), *sent), tuple(losses)


def _loras(card: ModelCard, prompt: PromptBuilt) -> tuple[tuple[Lora, ...], Losses]:
    sent, misfits = matched(card, prompt)
    return sent, tuple(_loss(item.code, item.wanted.label, item.reason) for item in misfits)


def _sampling(card: ModelCard, prompt: PromptBuilt) -> Losses:
    project = prompt.run.project
    return tuple(
        _loss(code, what, reason)
        for wanted, code, what, reason in _sampling_gaps(card, project.steps, project.cfg_scale, project.composition)
        if wanted
    )


def _sampling_gaps(
    card: ModelCard, steps: int | None, cfg_scale: float | None, composition: CompositionGuide
) -> Iterable[tuple[bool, str, str, str]]:
    yield (
        steps is not None and not card.steps,
        "steps-not-supported",
        f"{steps} sampling steps",
        f"{card.model} has none to set",
    )
    yield (
        cfg_scale is not None and not card.cfg_scale,
        "cfg-scale-not-supported",
        f"guidance scale {cfg_scale}",
        f"{card.model} has none to set",
    )
    # A drawing of the facts is the composition, so it needs no guide of itself.
    guide = composition is CompositionGuide.PREVIZ and not card.draws_facts
    yield (
        guide and not card.composition_guide,
        "composition-guide-not-supported",
        "previz frame as composition guide",
        f"{card.model} takes no structure guide",
    )
    yield (
        guide and card.composition_guide and not card.draws_guides,
        "composition-guide-not-made",
        "previz frame as composition guide",
        "this release makes no previz frame ahead of a generation",
    )
