"""Puts validation together: the clients, the scorers, and the table topic → handler → emits."""

from schemas import topics
from schemas.urgency import is_express
from schemas.validation import FrameValidated
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import Concurrent, On
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.object_store import S3ObjectStore
from services.chassis.offload import ThreadOffload
from services.validation.adapters.frames import DocumentFrames, DocumentSupersededRuns
from services.validation.adapters.judge_budget import DocumentBudget
from services.validation.adapters.judges import CaseJudges
from services.validation.adapters.plates import StoredPlates
from services.validation.adapters.scoring_process import ScoringProcesses
from services.validation.adapters.vlm_judge import VlmJudge
from services.validation.domain.technical import technical_scorers
from services.validation.handlers import Checks, Handlers
from services.validation.settings import ValidationSettings

NAME = "validation"


def build(settings: ValidationSettings) -> ServiceApp:
    """Build every client and bind the table; nothing is opened yet."""
    documents, objects = Documents(settings), S3ObjectStore(settings)
    offload, clock = ThreadOffload(settings.validation_threads), SystemClock()
    frames = DocumentFrames(documents, clock)
    scorers = technical_scorers(settings.thresholds)
    checks = Checks(scorers, settings.thresholds, settings.limits, settings.validation_drawing_providers)
    scoring = _scoring(settings)
    judge = (
        VlmJudge(settings.judge, DocumentBudget(documents, settings.validation_judge_calls)) if settings.judge else None
    )
    asked = scoring is not None or judge is not None
    judges = CaseJudges(objects, scoring, judge, settings.validation_bounds, settings.limits) if asked else None
    plates = StoredPlates(objects, offload, settings.limits, settings.validation_plates_kept)
    handlers = Handlers(frames, DocumentSupersededRuns(documents, clock), objects, plates, offload, checks, judges)
    return make_app(
        settings,
        name=NAME,
        subscriptions=(
            On(topics.RUN_SUPERSEDED, handlers.superseded),
            On(topics.GENERATION_COMPLETED, handlers.completed, emits=(FrameValidated,), urgent=is_express),
        ),
        concurrency=Concurrent(
            slots=settings.validation_slots, drain_s=settings.validation_drain_s, ahead=settings.validation_ahead
        ),
        resources=(documents, objects, offload, *(item for item in (scoring, judge) if item is not None)),
        prepare=(frames.prepare,),
    )


def _scoring(settings: ValidationSettings) -> ScoringProcesses | None:
    if not settings.validation_scorers:
        return None
    return ScoringProcesses(settings.scorers, settings.validation_scoring_processes, settings.validation_scoring_s)
