"""From a conditioned shot to its prompts: plan the facts, order them, word them per dialect."""

from collections.abc import Iterator
from typing import Final

from schemas.conditioning import ConditionedEvent
from schemas.prompt import DroppedFact, PromptBuilt, RenderedPrompt, RetakeInstruction
from schemas.run import RunContext
from schemas.shot import Problem, ShotRejected, planned_digest
from schemas.vocabulary import Dialect
from services.prompt_builder.domain.camera_facts import camera_facts
from services.prompt_builder.domain.cast_facts import cast_facts
from services.prompt_builder.domain.natural import natural_prompt
from services.prompt_builder.domain.negatives import natural_negative, negatives, tags_negative
from services.prompt_builder.domain.planned import Planned, bounded, ordered
from services.prompt_builder.domain.problems import unknown_words
from services.prompt_builder.domain.retake import retaken
from services.prompt_builder.domain.setting_facts import setting_facts
from services.prompt_builder.domain.slots import slots_of
from services.prompt_builder.domain.story_facts import story_facts
from services.prompt_builder.domain.tags import tags_prompt
from services.prompt_builder.domain.templates import Templates

STAGE = "prompt-builder"
#: Characters of the shorter wordings in sentences: common limits of models that take no more.
SHORTER: Final = (2_000, 1_500)


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
    slots = slots_of(event, templates)
    every = (
        *cast_facts(event, templates, slots),
        *camera_facts(event, templates, slots),
        *story_facts(event, templates, slots),
        *setting_facts(event, templates, slots),
    )
    facts, missing = retaken(ordered(every), retake)
    kept, cut = bounded(facts)
    return kept, (*missing, *cut)


def rendered(
    event: ConditionedEvent,
    templates: Templates,
    facts: tuple[Planned, ...],
    cut: tuple[DroppedFact, ...],
    retake: RetakeInstruction | None,
) -> tuple[RenderedPrompt, ...]:
    """The whole wording per dialect, then shorter ones in sentences where some models take fewer characters.

    What a wording leaves out is listed with it.
    """
    avoid = negatives(event, templates, retake)
    stressed = frozenset(retake.strengthen) if retake else frozenset()
    tags, no_tag = tags_prompt(facts, templates.count)
    not_natural, natural_cut = natural_negative(avoid)
    not_tags, tags_cut = tags_negative(avoid, templates.count)
    sentences = (
        RenderedPrompt(
            dialect=Dialect.NATURAL,
            prompt=text,
            negative_prompt=not_natural,
            dropped=(*cut, *no_sentence, *natural_cut),
        )
        for text, no_sentence in _in_sentences(facts, stressed)
    )
    whole = next(sentences)
    weighted = RenderedPrompt(
        dialect=Dialect.TAGS, prompt=tags, negative_prompt=not_tags, dropped=(*cut, *no_tag, *tags_cut)
    )
    return (whole, weighted, *sentences)


def _in_sentences(
    facts: tuple[Planned, ...], stressed: frozenset[str]
) -> Iterator[tuple[str, tuple[DroppedFact, ...]]]:
    """The facts in sentences, with what found no room: whole, then within each shorter limit that this is beyond."""
    text, no_sentence = natural_prompt(facts, stressed)
    yield text, no_sentence
    for limit in SHORTER:
        if len(text) > limit:
            text, no_sentence = natural_prompt(facts, stressed, limit)
            yield text, no_sentence


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
