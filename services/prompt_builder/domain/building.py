"""From a conditioned shot to its prompts: plan the facts, order them, word them per dialect."""

from collections.abc import Iterator
from typing import Final

from schemas.conditioning import ConditionedEvent
from schemas.emphasis import Piece, by_hand, written
from schemas.prompt import (
    DroppedFact,
    PromptBuilt,
    PromptChunk,
    RenderedPrompt,
    RetakeInstruction,
    WeightedText,
)
from schemas.run import RunContext
from schemas.shot import Problem, ShotRejected, planned_digest
from schemas.vocabulary import Dialect, WeightForm
from services.prompt_builder.domain.camera_facts import camera_facts
from services.prompt_builder.domain.cast_facts import cast_facts
from services.prompt_builder.domain.names import in_ascii, in_latin, names_in, renamed
from services.prompt_builder.domain.natural import NATURAL_LIMIT, natural_prompt
from services.prompt_builder.domain.negatives import folded, natural_negative, negatives, tags_negative
from services.prompt_builder.domain.planned import Planned, bounded, ordered, ranked
from services.prompt_builder.domain.problems import unknown_words
from services.prompt_builder.domain.reference_facts import of_reference, variant_told
from services.prompt_builder.domain.retake import retaken
from services.prompt_builder.domain.setting_facts import setting_facts
from services.prompt_builder.domain.slots import slots_of, told_apart
from services.prompt_builder.domain.story_facts import story_facts
from services.prompt_builder.domain.tags import tags_prompt
from services.prompt_builder.domain.templates import Templates

STAGE = "prompt-builder"
#: Characters of the shorter wordings in sentences: common limits of models that take no more.
SHORTER: Final = (10_000, 2_000, 1_500)
#: Chunks of the longest wording in tags: more would leave each word little to say.
MOST_CHUNKS: Final = 3


def build(
    event: ConditionedEvent, templates: Templates, *, take: int = 1, retake: RetakeInstruction | None = None
) -> PromptBuilt | ShotRejected:
    """Word a conditioned shot in every dialect.

    Args:
        event: the conditioned shot.
        templates: as shipped; the project's own are put over them here.
        take: of the run, from 1.
        retake: what this take changes, from the second on.

    Returns:
        The prompts, or the refusal of a shot whose style, mood, lighting or templates can't be worded.
    """
    problems = unknown_words(event.run.project, event.run.shot, templates)
    if problems:
        return rejected(event.run, problems)
    known = templates.with_overrides(event.run.project.templates)
    facts, cut = planned_facts(event, known, retake)
    return PromptBuilt(
        run=event.run,
        cast=event.cast,
        seed=event.seed,
        location=event.location,
        props=event.props,
        continuity=event.continuity,
        degradations=event.degradations,
        facts=tuple(fact.fact(rank) for rank, fact in enumerate(facts)),
        prompts=rendered(event, known, facts, cut, retake),
        template_version=known.version,
        take=take,
        retake=retake,
    )


def planned_facts(
    event: ConditionedEvent, templates: Templates, retake: RetakeInstruction | None = None
) -> tuple[tuple[Planned, ...], tuple[DroppedFact, ...]]:
    """Every fact of the frame, most important first, and what can't be a fact of it."""
    event = told_apart(event)
    slots = slots_of(event, templates)
    every = (
        *cast_facts(event, templates, slots),
        *camera_facts(event, templates, slots),
        *story_facts(event, templates, slots),
        *setting_facts(event, templates, slots),
    )
    facts, missing = retaken(of_reference(event.run.subject, ordered(every)), retake)
    kept, cut = bounded(ranked(facts))
    return kept, (*missing, *cut)


def rendered(
    event: ConditionedEvent,
    templates: Templates,
    facts: tuple[Planned, ...],
    cut: tuple[DroppedFact, ...],
    retake: RetakeInstruction | None,
) -> tuple[RenderedPrompt, ...]:
    """The whole wording per dialect, then shorter ones of it, and sentences with every name in Latin letters.

    What a wording leaves out is listed with it.
    """
    avoid = negatives(event, templates, retake)
    stressed = frozenset(retake.strengthen) if retake else frozenset()
    latin = in_latin(names_in(event), templates.romanise)
    whole, *shorter = _sentences(event, templates, facts, avoid, stressed)
    tags, *fewer = _tags(event, templates, facts, avoid)
    spelled = [
        item.model_copy(update={"latin": True, "names": latin})
        for item in _sentences(event, templates, renamed(facts, latin), avoid, stressed)
    ]
    every = (whole, tags, *shorter, *fewer, *(spelled if latin else ()))
    return tuple(item.model_copy(update={"dropped": (*cut, *item.dropped)}) for item in every)


def _sentences(
    event: ConditionedEvent,
    templates: Templates,
    facts: tuple[Planned, ...],
    avoid: tuple[tuple[str, str], ...],
    stressed: frozenset[str],
) -> Iterator[RenderedPrompt]:
    """The facts in sentences: whole, then within each shorter limit that this is beyond."""
    negative, no_negative = natural_negative(avoid)
    text = ""
    for limit in (NATURAL_LIMIT, *SHORTER):
        if limit == NATURAL_LIMIT or len(text) > limit:
            text, no_sentence = natural_prompt(facts, stressed, limit)
            yield RenderedPrompt(
                dialect=Dialect.NATURAL,
                prompt=text,
                negative_prompt=negative,
                negative_folded=folded(event, templates, avoid),
                variant_told=variant_told(event.location),
                chunks=_by_hand(facts, text),
                dropped=(*no_sentence, *no_negative),
            )


def _by_hand(facts: tuple[Planned, ...], text: str) -> tuple[PromptChunk, ...]:
    """Sentences whose opening was written by hand, piece by piece, where that has weights of its own."""
    hand = next((fact.clause for fact in facts if fact.kind == "prompt"), "")
    pieces = by_hand(hand)
    if not text.startswith(hand) or all(piece.weight == 1 for piece in pieces):
        return ()
    every = (*pieces, Piece(text[len(hand) :]))
    return (PromptChunk(pieces=tuple(WeightedText(text=item.text, weight=item.weight) for item in every)),)


def _tags(
    event: ConditionedEvent, templates: Templates, facts: tuple[Planned, ...], avoid: tuple[tuple[str, str], ...]
) -> Iterator[RenderedPrompt]:
    """The facts as tags: in as many chunks as help, then in the one that every CLIP model reads."""
    names = in_ascii(names_in(event), templates.romanise)
    negative, no_negative = tags_negative(avoid, templates.count)
    for most in (MOST_CHUNKS, 1):
        chunks, no_tag = tags_prompt(renamed(facts, names), templates.count, most)
        yield RenderedPrompt(
            dialect=Dialect.TAGS,
            prompt=written((chunk.pieces for chunk in chunks), WeightForm.A1111),
            negative_prompt=negative,
            negative_folded="",
            chunks=chunks,
            latin=True,
            names=names,
            dropped=(*no_tag, *no_negative),
        )
        if len(chunks) == 1:
            return


def rejected(run: RunContext, problems: tuple[Problem, ...]) -> ShotRejected:
    """The refusal of a shot, the same for all of its frames."""
    return ShotRejected(
        project_id=run.project.project_id,
        shot_id=run.shot.shot_id,
        revision=run.revision,
        regeneration_id=run.regeneration_id,
        stage=STAGE,
        problems=problems,
        content_digest=planned_digest(run.project, run.shot),
    )
