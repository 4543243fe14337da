"""From events to the read model, and from the read model to a status. Pure.

Topics overtake one another, and messages repeat. So every event writes fields of its own only, and the status is
worked out when it is read: the read model is the same whatever the order of arrival.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from schemas.base import Event, Model
from schemas.bible import CharacterDefined, Entity, LocationDefined, PropDefined
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.provider import ProviderHealthChanged
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested
from schemas.review import ReviewDecided, ReviewRequested
from schemas.run import ChainEvent, RunContext, runs_of
from schemas.shot import ShotPlanned, ShotRejected
from schemas.validation import FrameValidated
from services.gateway.domain import references

PROJECTS: Final = "projects"
SHOTS: Final = "shots"
RUNS: Final = "runs"
EVENTS: Final = "events"
ENTITIES: Final = "entities"
REFERENCES: Final = "references"
PROVIDERS: Final = "providers"

#: Field of a run that holds what only an answer about one run or keyframe needs; left out of every overview.
DETAILS: Final = "details"

#: Field of a run that had a call in doubt, so that such runs are found without reading all.
IN_DOUBT: Final = "in_doubt"

REVISION_CONFLICT: Final = "revision-conflict"

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """Fields to set on one document of one collection; `on_insert` only when it is new; `least` keeps the lowest."""

    collection: str
    id: str
    set: Mapping[str, Any]
    on_insert: Mapping[str, Any] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and when an event came in. `at_ms` is milliseconds since 1970, UTC; `copied` marks what a replay sent."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    copied: bool = False


class Status(StrEnum):
    """How far a run is."""

    PLANNED = "planned"
    CONDITIONED = "conditioned"
    PROMPTED = "prompted"
    GENERATING = "generating"
    VALIDATING = "validating"
    REVIEW = "review"
    HELD = "held"
    READY = "ready"
    FAILED = "failed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"


#: A run in one of these states changes no more.
FINAL: Final = frozenset({Status.READY, Status.FAILED, Status.REJECTED, Status.SUPERSEDED})


def seen_key(event: Event) -> str:
    """Field name of an event type within a run: no dots, since MongoDB reads them as paths."""
    return event.TYPE.removeprefix("film.").replace(".", "_")


def project_event(event: Event, arrival: Arrival) -> list[Write]:
    """Everything that one event changes in the read model."""
    writes = [_log(event, arrival)]
    match event:
        case ShotPlanned():
            writes += _planned(event, arrival)
        case ShotRejected():
            writes.append(_rejected(event, arrival))
        case KeyframeReady() | KeyframeFailed():
            writes.append(_ended(event, arrival))
        case ReviewDecided():
            writes.append(Write(RUNS, event.run_id, {f"reviews.{event.event_id}": _body(event)}))
        case CharacterDefined(character=entity) | LocationDefined(location=entity) | PropDefined(prop=entity):
            kind = seen_key(event).removesuffix("_defined")
            writes.append(_entity(event.project_id, kind, entity, arrival))
        case ReferenceRequested() | ReferenceReady() | ReferenceFailed():
            writes += _reference(event, arrival)
        case ProviderHealthChanged():
            writes.append(Write(PROVIDERS, event.provider, {**_body(event), "at_ms": arrival.at_ms}))
        case ChainEvent():
            writes += _chain(event, arrival)
        case _:
            pass
    return writes


def _body(event: Model) -> dict[str, Any]:
    return event.model_dump(mode="json")


def _log(event: Event, arrival: Arrival) -> Write:
    """The event itself, once: a repeat keeps the first arrival."""
    about: dict[str, Any] = {"run_id": None, "project_id": None, "shot_id": None}
    if isinstance(event, ChainEvent):
        about = {
            "run_id": event.run.run_id,
            "project_id": event.run.project.project_id,
            "shot_id": event.run.shot.shot_id,
        }
    elif isinstance(event, ShotPlanned):
        about = {"run_id": None, "project_id": event.project.project_id, "shot_id": event.shot.shot_id}
    elif isinstance(event, KeyframeReady | KeyframeFailed):
        about = {"run_id": event.run_id, "project_id": event.shot.project_id, "shot_id": event.shot.shot_id}
    else:
        about = {name: getattr(event, name, None) for name in about}
    return Write(
        EVENTS,
        event.event_id,
        {},
        {
            **about,
            "type": event.TYPE,
            "topic": arrival.topic,
            "partition": arrival.partition,
            "offset": arrival.offset,
            "at_ms": arrival.at_ms,
            "body": _body(event),
        },
    )


def _planned(event: ShotPlanned, arrival: Arrival) -> list[Write]:
    project, shot = event.project, event.shot
    plan = f"revisions.{event.event_id}"
    film = {"settings": project.model_dump(mode="json"), "title": project.title}
    writes = [
        # A replay may bring a plan of long ago, or one with a wish of its own: the film's settings are those of plans.
        Write(PROJECTS, project.project_id, {} if arrival.copied else film, film if arrival.copied else {}),
        Write(
            SHOTS,
            event.partition_key(),
            {
                # By content: a second one of the same revision is refused, and must not hide the first.
                f"{plan}.revision": event.revision,
                f"{plan}.regeneration_id": event.regeneration_id,
                f"{plan}.digest": event.digest,
                f"{plan}.shot": shot.model_dump(mode="json"),
            },
            {"project_id": project.project_id, "shot_id": shot.shot_id},
            {f"{plan}.planned_at_ms": arrival.at_ms},
        ),
    ]
    content = {f"contents.{event.digest}": True}
    return writes + [_seen(run, "shot_planned", event.event_id, arrival, content) for run in runs_of(event)]


def _seen(run: RunContext, key: str, event_id: str, arrival: Arrival, extra: Document | None = None) -> Write:
    """Note that an event of this kind came in for a run; who the run is is written along each time."""
    shot = run.shot
    return Write(
        RUNS,
        run.run_id,
        {
            "project_id": run.project.project_id,
            "shot_id": shot.shot_id,
            "code": shot.code,
            "sequence_id": shot.sequence_id,
            "scene_id": shot.scene_id,
            "scene_title": shot.scene_title,
            "story_order": shot.story_order,
            "shot_number": shot.shot_number,
            "subject": run.subject.value,
            "revision": run.revision,
            "regeneration_id": run.regeneration_id,
            "frame_role": run.frame_role.value,
            "frame_roles": [role.value for role in run.frame_roles],
            f"seen.{key}.event_id": event_id,
            **(extra or {}),
        },
        # A replay arrives again; what counts is when it came in first.
        least={f"seen.{key}.at_ms": arrival.at_ms},
    )


def _rejected(event: ShotRejected, arrival: Arrival) -> Write:
    return Write(
        SHOTS,
        event.partition_key(),
        {f"rejections.{event.event_id}": {**_body(event), "at_ms": arrival.at_ms}},
        {"project_id": event.project_id, "shot_id": event.shot_id},
    )


def _ended(event: KeyframeReady | KeyframeFailed, arrival: Arrival) -> Write:
    word = "keyframe" if isinstance(event, KeyframeReady) else "failure"
    light = {"event_id": event.event_id, "reason": event.reason if isinstance(event, KeyframeFailed) else None}
    return Write(
        RUNS,
        event.run_id,
        {
            word: light,
            f"{DETAILS}.{word}": {**_body(event), "event_id": event.event_id},
            f"seen.{seen_key(event)}.event_id": event.event_id,
        },
        {"project_id": event.shot.project_id, "shot_id": event.shot.shot_id},
        {f"seen.{seen_key(event)}.at_ms": arrival.at_ms},
    )


def _entity(project_id: str, kind: str, entity: Entity, arrival: Arrival) -> Write:
    about = {"project_id": project_id, "kind": kind, "entity_id": entity.id}
    fields, least = references.entity_fields(entity, arrival.at_ms)
    return Write(ENTITIES, f"{project_id}/{kind}/{entity.id}", {**about, **fields}, {}, least)


def _reference(event: references.ReferenceEvent, arrival: Arrival) -> list[Write]:
    fields, about, least = references.reference_fields(event, arrival.at_ms)
    writes = [Write(REFERENCES, references.reference_id(event), fields, about, least)]
    run_id = None if isinstance(event, ReferenceRequested) else event.run_id
    if isinstance(event, ReferenceReady | ReferenceFailed) and run_id is not None:
        word = "reference" if isinstance(event, ReferenceReady) else "failure"
        reason = event.reason if isinstance(event, ReferenceFailed) else None
        ended = {
            word: {"event_id": event.event_id, "reason": reason},
            f"{DETAILS}.{word}": {**_body(event), "event_id": event.event_id},
            f"seen.{seen_key(event)}.event_id": event.event_id,
            "subject": event.subject.value,
        }
        least = {f"seen.{seen_key(event)}.at_ms": arrival.at_ms}
        # One that never came to a chain event has no shot of its own; its key stands for one.
        shot = {"project_id": event.project_id, "shot_id": event.entity_id}
        writes.append(Write(RUNS, run_id, ended, shot, least))
    return writes


def _chain(event: ChainEvent, arrival: Arrival) -> list[Write]:
    extra: dict[str, Any] = {}
    match event:
        case GenerationRequested():
            extra = _generation(event, "requested", arrival, {}, {"considered": _bodies(event.considered)})
        case GenerationCompleted():
            cost = {"cost_usd_micros": event.cost_usd_micros}
            made = {"asset": _body(event.asset), "seed_used": event.seed_used, "duration_ms": event.duration_ms}
            extra = _generation(event, "completed", arrival, cost, made)
        case GenerationFailed():
            why = {"kind": event.kind.value, "charged": event.charged, "cost_usd_micros": event.cost_usd_micros}
            word = "failed"
            if event.kind is FailureKind.IN_DOUBT:
                # Kept beside a later certain failure: the possible cost is not forgotten when the run goes on.
                word, why["vendor_job_id"] = "doubted", event.provider_job_id
                why["sent_at"] = event.sent_at.isoformat() if event.sent_at else None
                extra = {IN_DOUBT: True}
            extra |= _generation(event, word, arrival, why, {"reason": event.reason})
        case FrameValidated():
            extra = _judged(event, "validated", arrival, {"verdict": event.verdict.value})
        case ReviewRequested():
            extra = _judged(event, "review_requested", arrival, {})
        case _:
            pass
    return [_seen(event.run, seen_key(event), event.event_id, arrival, extra)]


def _bodies(items: Iterable[Model]) -> list[dict[str, Any]]:
    return [_body(item) for item in items]


def _generation(
    event: GenerationRequested | GenerationCompleted | GenerationFailed,
    word: str,
    arrival: Arrival,
    light: Document,
    heavy: Document,
) -> dict[str, Any]:
    path = f"generations.{_path_part(event.generation_id)}"
    return {
        f"{path}.provider": event.provider,
        f"{path}.model": event.model,
        f"{path}.take": event.take,
        f"{path}.attempt": event.attempt,
        f"{path}.{word}": {**light, "at_ms": arrival.at_ms},
        f"{DETAILS}.{path}.{word}": dict(heavy),
    }


def _path_part(word: str) -> str:
    """A word as one step of a path: MongoDB reads dots as steps and dollars as operators."""
    return word.replace(".", "_").replace("$", "_")


def _judged(event: FrameValidated | ReviewRequested, word: str, arrival: Arrival, light: Document) -> dict[str, Any]:
    path = f"generations.{_path_part(event.generation_id)}"
    return {
        f"{path}.{word}": {**light, "at_ms": arrival.at_ms},
        f"{DETAILS}.{path}.{word}": event.model_dump(mode="json", exclude={"run"}),
    }


def status_of(run: Document, rejections: Iterable[Document] = ()) -> Status:
    """Where a run stands, from everything that is known of it.

    `rejections` are the shot's refusals; one of the same revision and regeneration ends the run. One that refused a
    second content of a revision leaves the first content's run alone.
    """
    if run.get("keyframe") or run.get("reference"):
        return Status.READY
    if run.get("failure"):
        return Status.FAILED
    seen = run.get("seen", {})
    if "run_superseded" in seen:
        return Status.SUPERSEDED
    if _refused(run, rejections):
        return Status.REJECTED
    return _in_flight(run, seen)


def refusal_of(run: Document, rejections: Iterable[Document]) -> str:
    """Every problem for which a run was refused, as one line."""
    problems = (problem for item in _refusals(run, rejections) for problem in item["problems"])
    return "; ".join(f"{each['field']}: {each['value']}: allowed is {each['allowed']}" for each in problems)


def _refusals(run: Document, rejections: Iterable[Document]) -> list[Document]:
    asked = (run.get("revision"), run.get("regeneration_id"))
    return [item for item in rejections if (item["revision"], item.get("regeneration_id")) == asked]


def _refused(run: Document, rejections: Iterable[Document]) -> bool:
    mine = _refusals(run, rejections)
    if any(not conflicts(item) for item in mine):
        return True
    contents = run.get("contents", {}).keys()
    return bool(contents) and contents <= {item.get("content_digest") for item in mine}


def conflicts(rejection: Document) -> bool:
    """Whether a refusal is of a second content of a revision, and of nothing else."""
    return all(problem["code"] == REVISION_CONFLICT for problem in rejection["problems"])


def _in_flight(run: Document, seen: Document) -> Status:
    generations = run.get("generations", {})
    decided = {item["generation_id"] for item in run.get("reviews", {}).values()}
    # What is on show need not be the newest: at the end of the attempts it is the best of them.
    if any(item.get("review_requested") and name not in decided for name, item in generations.items()):
        return Status.REVIEW
    newest = max(generations.values(), key=lambda item: (item.get("take", 0), item.get("attempt", 0)), default=None)
    if newest is not None:
        marks = (("review_requested", Status.REVIEW), ("completed", Status.VALIDATING), ("doubted", Status.HELD))
        return next((status for mark, status in marks if newest.get(mark)), Status.GENERATING)
    if "prompt_built" in seen:
        return Status.PROMPTED
    if "characters_conditioned" in seen or "location_conditioned" in seen:
        return Status.CONDITIONED
    return Status.PLANNED
