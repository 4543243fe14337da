"""Every topic by name, with its key, partitions and retention. `contracts/topics/*.yaml` is generated from here.

The `v1` in a name is the major version of its events. `generation.requested` is one topic per provider and lane, so
that each provider's workers scale on their own lag.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

DAY_MS: Final = 24 * 60 * 60 * 1000
FOR_EVER: Final = -1
DEAD_LETTER_SUFFIX: Final = ".dlq"


class Lane(StrEnum):
    """How soon a generation is wanted: a reviewer waiting for a re-roll goes before a film in bulk."""

    EXPRESS = "express"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How one topic is created, and which event it carries.

    `retention_ms` is -1 for ever. `compacted` topics keep the newest record of each key. A `reserved` topic is part of
    the contract and created, while nothing publishes to it yet.
    """

    name: str
    event_type: str
    key: str
    partitions: int
    retention_ms: int
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    compacted: bool = False
    reserved: bool = False

    @property
    def dead_letter(self) -> str:
        """Name of the topic for records of this one that can't be handled."""
        return self.name + DEAD_LETTER_SUFFIX

    @property
    def version(self) -> int:
        """Version of the event that the topic carries: the number that its name ends with."""
        return int(self.name.rpartition(".v")[2])


SHOT_PLANNED: Final = "shot.planned.v1"
SHOT_REJECTED: Final = "shot.rejected.v1"
BIBLE_CHARACTERS: Final = "bible.characters.v1"
BIBLE_LOCATIONS: Final = "bible.locations.v1"
BIBLE_PROPS: Final = "bible.props.v1"
BIBLE_ADAPTERS: Final = "bible.adapters.v1"
REFERENCE_REQUESTED: Final = "reference.requested.v1"
REFERENCE_READY: Final = "reference.ready.v1"
REFERENCE_FAILED: Final = "reference.failed.v1"
CHARACTERS_CONDITIONED: Final = "characters.conditioned.v1"
LOCATION_CONDITIONED: Final = "location.conditioned.v1"
PROMPT_BUILT: Final = "prompt.built.v1"
RETAKE_REQUESTED: Final = "retake.requested.v1"
GENERATION_COMPLETED: Final = "generation.completed.v1"
GENERATION_FAILED: Final = "generation.failed.v1"
FRAME_VALIDATED: Final = "frame.validated.v1"
RUN_SUPERSEDED: Final = "run.superseded.v1"
REVIEW_REQUESTED: Final = "review.requested.v1"
REVIEW_DECIDED: Final = "review.decided.v1"
KEYFRAME_READY: Final = "keyframe.ready.v1"
KEYFRAME_FAILED: Final = "keyframe.failed.v1"
PROVIDER_HEALTH: Final = "provider.health.v1"
PROVIDER_CALLBACK: Final = "provider.callback.v1"

_GENERATION_REQUESTED: Final = "generation.requested.{provider}.{lane}.v1"

_SHOT_KEY = "<project_id>/<shot_id>"
_ENTITY_KEY = "<project_id>/<entity_id>"

# Clients outside this repository, and the `ice` command, by the names that contracts/topics uses.
PLANNER: Final = "external:shot-planner"
VIDEO_ENGINE: Final = "external:video-engine"
CLI: Final = "cli"

_CHARACTERS: Final = "character_conditioning"
_LOCATIONS: Final = "location_conditioning"
_PROMPTS: Final = "prompt_builder"
_ORCHESTRATOR: Final = "orchestrator"
_GENERATION: Final = "generation"
_VALIDATION: Final = "validation"
_GATEWAY: Final = "gateway"


def _chain(name: str, event_type: str, producer: str, *consumers: str) -> TopicSpec:
    """A topic on the way of a shot: 16 partitions, 30 days, read by the gateway too."""
    return TopicSpec(name, event_type, _SHOT_KEY, 16, 30 * DAY_MS, (producer,), (*consumers, _GATEWAY))


def _bible(name: str, event_type: str, consumer: str, producers: tuple[str, ...] = (PLANNER, CLI)) -> TopicSpec:
    """A compacted topic of the bible."""
    return TopicSpec(name, event_type, _ENTITY_KEY, 4, FOR_EVER, producers, (consumer, _GATEWAY), compacted=True)


def _reference(name: str, event_type: str, producers: tuple[str, ...], consumers: tuple[str, ...]) -> TopicSpec:
    """A topic of sheets, plates and prop views."""
    return TopicSpec(name, event_type, _ENTITY_KEY, 8, 30 * DAY_MS, producers, (*consumers, _GATEWAY))


_FIXED: Final = (
    TopicSpec(
        SHOT_PLANNED,
        "film.shot.planned",
        _SHOT_KEY,
        16,
        FOR_EVER,
        (PLANNER, CLI),
        (_CHARACTERS, _ORCHESTRATOR, _GATEWAY),
    ),
    TopicSpec(
        SHOT_REJECTED,
        "film.shot.rejected",
        _SHOT_KEY,
        4,
        30 * DAY_MS,
        (_CHARACTERS, _LOCATIONS, _PROMPTS, _ORCHESTRATOR),
        (PLANNER, _LOCATIONS, _GATEWAY),
    ),
    _bible(BIBLE_CHARACTERS, "film.character.defined", _CHARACTERS, (PLANNER, CLI, _GATEWAY)),
    _bible(BIBLE_LOCATIONS, "film.location.defined", _LOCATIONS, (PLANNER, CLI, _GATEWAY)),
    _bible(BIBLE_PROPS, "film.prop.defined", _LOCATIONS, (PLANNER, CLI, _GATEWAY)),
    _bible(BIBLE_ADAPTERS, "film.adapter.defined", _CHARACTERS, (_GATEWAY,)),
    _reference(REFERENCE_REQUESTED, "film.reference.requested", (_CHARACTERS, _LOCATIONS, _GATEWAY), (_CHARACTERS,)),
    _reference(REFERENCE_READY, "film.reference.ready", (_ORCHESTRATOR,), (_CHARACTERS, _LOCATIONS)),
    _reference(
        REFERENCE_FAILED,
        "film.reference.failed",
        (_CHARACTERS, _LOCATIONS, _PROMPTS, _ORCHESTRATOR),
        (_CHARACTERS, _LOCATIONS),
    ),
    _chain(CHARACTERS_CONDITIONED, "film.characters.conditioned", _CHARACTERS, _LOCATIONS),
    _chain(LOCATION_CONDITIONED, "film.location.conditioned", _LOCATIONS, _PROMPTS),
    _chain(PROMPT_BUILT, "film.prompt.built", _PROMPTS, _ORCHESTRATOR),
    _chain(RETAKE_REQUESTED, "film.retake.requested", _ORCHESTRATOR, _PROMPTS),
    _chain(GENERATION_COMPLETED, "film.generation.completed", _GENERATION, _VALIDATION, _ORCHESTRATOR),
    _chain(GENERATION_FAILED, "film.generation.failed", _GENERATION, _ORCHESTRATOR),
    _chain(FRAME_VALIDATED, "film.frame.validated", _VALIDATION, _ORCHESTRATOR),
    _chain(RUN_SUPERSEDED, "film.run.superseded", _ORCHESTRATOR, _GENERATION, _VALIDATION),
    _chain(REVIEW_REQUESTED, "film.review.requested", _ORCHESTRATOR),
    _chain(REVIEW_DECIDED, "film.review.decided", _GATEWAY, _ORCHESTRATOR),
    _chain(KEYFRAME_READY, "film.keyframe.ready", _ORCHESTRATOR, VIDEO_ENGINE, PLANNER, _LOCATIONS),
    _chain(KEYFRAME_FAILED, "film.keyframe.failed", _ORCHESTRATOR, VIDEO_ENGINE, PLANNER, _LOCATIONS),
    TopicSpec(
        PROVIDER_HEALTH,
        "film.provider.health_changed",
        "<provider>",
        1,
        FOR_EVER,
        (_GENERATION,),
        (_ORCHESTRATOR, _GATEWAY),
        compacted=True,
    ),
    TopicSpec(
        PROVIDER_CALLBACK,
        "film.provider.callback_received",
        "<vendor_job_id>",
        8,
        7 * DAY_MS,
        (_GATEWAY,),
        (_GENERATION, _GATEWAY),
    ),
)


def generation_requested(provider: str, lane: Lane) -> str:
    """The topic that a provider's workers read for one lane."""
    return _GENERATION_REQUESTED.format(provider=provider, lane=lane.value)


def generation_specs(provider: str) -> tuple[TopicSpec, ...]:
    """Both lanes of a provider: 32 partitions, the ceiling of its workers (docs/scaling.md has the arithmetic)."""
    return tuple(
        replace(
            _chain(generation_requested(provider, lane), "film.generation.requested", _ORCHESTRATOR, _GENERATION),
            partitions=32,
        )
        for lane in Lane
    )


def specs(providers: tuple[str, ...]) -> tuple[TopicSpec, ...]:
    """Every topic of a deployment that runs these providers, dead-letter topics left out."""
    return _FIXED + tuple(spec for provider in providers for spec in generation_specs(provider))


def event_type_of(topic: str) -> str:
    """Which event a topic carries.

    Raises:
        KeyError: the name is none of ours.
    """
    for spec in _FIXED:
        if spec.name == topic:
            return spec.event_type
    parts = topic.split(".")
    if len(parts) == 5 and topic.startswith("generation.requested.") and parts[4] == "v1":  # noqa: PLR2004
        return "film.generation.requested"
    raise KeyError(f"topic {topic!r} is not one of this engine's")
