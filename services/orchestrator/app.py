"""Composition root: the clients, and which topic goes to which handler."""

from schemas import topics
from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.prompt import RetakeRequested
from schemas.reference import ReferenceFailed, ReferenceReady
from schemas.review import ReviewRequested
from schemas.run import RunSuperseded
from schemas.shot import ShotRejected
from schemas.urgency import is_express
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import On, Sweep
from services.chassis.clock import Clock, SystemClock
from services.chassis.documents import Documents, DocumentStore
from services.chassis.settings import SettingsError
from services.orchestrator.adapters import budget_documents, lesson_documents, provider_documents, shot_documents
from services.orchestrator.adapters.budget_documents import BudgetDocuments
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.adapters.gauges import PrometheusGauges
from services.orchestrator.adapters.lesson_documents import LessonDocuments
from services.orchestrator.adapters.provider_documents import ProviderDocuments
from services.orchestrator.adapters.shot_documents import ShotDocuments
from services.orchestrator.domain.catalogue import Catalogue, CatalogueError
from services.orchestrator.domain.circuit import CircuitRules
from services.orchestrator.domain.patience import Patience
from services.orchestrator.domain.request import Sampling
from services.orchestrator.handlers import Handlers, Ports, Rules
from services.orchestrator.ports import Gauges
from services.orchestrator.settings import OrchestratorSettings

NAME = "orchestrator"
_ENDS = (KeyframeReady, KeyframeFailed, ReferenceReady, ReferenceFailed)
_MEASURED_EVERY_S = 5.0


def build(settings: OrchestratorSettings) -> ServiceApp:
    """The service, not yet started.

    Raises:
        SettingsError: the model catalogue can't be used, or has no model of a provider.
    """
    documents = Documents(settings)
    gauges = PrometheusGauges()
    handlers = make_handlers(settings, documents, SystemClock(), gauges)
    shots = ShotDocuments(documents.collection(shot_documents.COLLECTION))
    app = make_app(
        settings,
        name=NAME,
        subscriptions=_table(handlers),
        sweeps=(
            # emits GenerationRequested, ShotRejected, ReviewRequested, and every end
            Sweep("decide on runs that have rested", handlers.look, settings.orchestrator_sweep_s),
            Sweep("count runs at rest", handlers.measure, _MEASURED_EVERY_S),
        ),
        resources=(documents,),
        prepare=(shots.prepare,),
    )
    gauges.join(app.metrics.registry)
    return app


def _table(handlers: Handlers) -> tuple[On, ...]:
    """Which topic goes to which handler, and what may come out."""
    return (
        # Most urgent first: what somebody waits for, then what is under way, then what is new.
        On(topics.PROVIDER_HEALTH, handlers.provider_health_changed, emits=()),
        On(
            topics.REVIEW_DECIDED,
            handlers.review_decided,
            emits=(GenerationRequested, ReviewRequested, RetakeRequested, *_ENDS),
        ),
        On(topics.SHOT_PLANNED, handlers.shot_planned, emits=(RunSuperseded,), urgent=is_express),
        On(
            topics.FRAME_VALIDATED,
            handlers.frame_validated,
            emits=(ReviewRequested, RetakeRequested, *_ENDS),
            urgent=is_express,
        ),
        On(
            topics.GENERATION_FAILED,
            handlers.generation_failed,
            emits=(GenerationRequested, ReviewRequested, RetakeRequested, *_ENDS),
            urgent=is_express,
        ),
        On(
            topics.GENERATION_COMPLETED,
            handlers.generation_completed,
            emits=(ReviewRequested, RetakeRequested, *_ENDS),
            urgent=is_express,
        ),
        On(
            topics.PROMPT_BUILT,
            handlers.prompt_built,
            emits=(GenerationRequested, RunSuperseded, ShotRejected, ReviewRequested, *_ENDS),
            urgent=is_express,
        ),
    )


def make_handlers(settings: OrchestratorSettings, documents: DocumentStore, clock: Clock, gauges: Gauges) -> Handlers:
    """The handlers over any document store.

    Raises:
        SettingsError: the model catalogue can't be used, or it has no model of a provider that is said to work here.
    """
    shots = ShotDocuments(documents.collection(shot_documents.COLLECTION))
    providers = ProviderDocuments(
        documents.collection(provider_documents.COLLECTION),
        clock,
        fresh_s=settings.orchestrator_health_fresh_s,
        circuit_rules=CircuitRules(
            outages=settings.orchestrator_outages,
            cool_down_s=settings.orchestrator_cool_down_s,
            probe_s=settings.orchestrator_probe_s,
        ),
    )
    budgets = BudgetDocuments(documents.collection(budget_documents.COLLECTION), shots)
    lessons = LessonDocuments(
        documents.collection(lesson_documents.COLLECTION), tries=settings.orchestrator_strategy_tries
    )
    ports = Ports(shots, providers, budgets, lessons, gauges, clock)
    return Handlers(ports, _rules(settings, _catalogue(settings)))


def _catalogue(settings: OrchestratorSettings) -> Catalogue:
    try:
        catalogue = load_catalogue(settings.orchestrator_catalogue)
    except CatalogueError as error:
        raise SettingsError(f"ICE_ORCHESTRATOR_CATALOGUE: {error}") from error
    known = sorted({card.provider for card in catalogue})
    strangers = [name for name in settings.workers if name not in known]
    if strangers:
        raise SettingsError(
            f"ICE_PROVIDERS: {', '.join(strangers)}: no model of theirs is in the catalogue; "
            f"known are {', '.join(known)}"
        )
    preferred = settings.default_model_provider
    if preferred is not None and not catalogue.named(preferred):
        raise SettingsError(
            f"DEFAULT_MODEL_PROVIDER: {preferred!r}, allowed is a provider, model or alias of the catalogue; "
            f"providers are {', '.join(known)}; {catalogue.unknown(preferred)}"
        )
    return catalogue


def _rules(settings: OrchestratorSettings, catalogue: Catalogue) -> Rules:
    return Rules(
        catalogue=catalogue,
        providers=settings.workers,
        absent=settings.absent,
        preferred=settings.default_model_provider,
        in_doubt=settings.orchestrator_in_doubt,
        patience=Patience(
            model_s=settings.orchestrator_wait_s,
            look_s=settings.orchestrator_look_s,
            throttle_s=settings.orchestrator_throttle_s,
            outage_s=settings.orchestrator_outage_s,
            in_doubt_s=settings.orchestrator_in_doubt_s,
            review_s=settings.orchestrator_review_s,
        ),
        sampling=Sampling(settings.default_generation_steps, settings.default_cfg_scale),
        softening=settings.orchestrator_softening,
        warm_up_s=settings.orchestrator_warm_up_s,
    )
