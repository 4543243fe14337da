"""Composition root: the clients, and which topic goes to which handler."""

from schemas import topics
from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.prompt import RetakeRequested
from schemas.review import ReviewRequested
from schemas.run import RunSuperseded
from schemas.shot import ShotRejected
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import On
from services.chassis.clock import Clock, SystemClock
from services.chassis.documents import Documents, DocumentStore
from services.chassis.settings import SettingsError
from services.orchestrator.adapters import provider_documents, shot_documents
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.adapters.provider_documents import ProviderDocuments
from services.orchestrator.adapters.shot_documents import ShotDocuments
from services.orchestrator.domain.catalogue import CatalogueError
from services.orchestrator.handlers import Handlers
from services.orchestrator.settings import OrchestratorSettings

NAME = "orchestrator"


def build(settings: OrchestratorSettings) -> ServiceApp:
    """The service, not yet started.

    Raises:
        SettingsError: the model catalogue can't be used, or has no model of a provider.
    """
    documents = Documents(settings)
    handlers = make_handlers(settings, documents, SystemClock())
    return make_app(
        settings,
        name=NAME,
        subscriptions=(
            On(topics.SHOT_PLANNED, handlers.shot_planned, emits=(RunSuperseded,)),
            On(
                topics.PROMPT_BUILT,
                handlers.prompt_built,
                emits=(GenerationRequested, RunSuperseded, ShotRejected, KeyframeFailed),
            ),
            On(
                topics.GENERATION_COMPLETED,
                handlers.generation_completed,
                emits=(KeyframeReady, ReviewRequested, RetakeRequested, KeyframeFailed),
            ),
            On(topics.GENERATION_FAILED, handlers.generation_failed, emits=(GenerationRequested, KeyframeFailed)),
            On(
                topics.FRAME_VALIDATED,
                handlers.frame_validated,
                emits=(KeyframeReady, ReviewRequested, RetakeRequested, KeyframeFailed),
            ),
            On(
                topics.REVIEW_DECIDED,
                handlers.review_decided,
                emits=(KeyframeReady, RetakeRequested, KeyframeFailed),
            ),
            On(topics.PROVIDER_HEALTH, handlers.provider_health_changed, emits=()),
        ),
        resources=(documents,),
    )


def make_handlers(settings: OrchestratorSettings, documents: DocumentStore, clock: Clock) -> Handlers:
    """The handlers over any document store.

    Raises:
        SettingsError: the model catalogue can't be used, or it has no model of a provider that is said to work here.
    """
    try:
        catalogue = load_catalogue(settings.orchestrator_catalogue)
    except CatalogueError as error:
        raise SettingsError(f"ICE_ORCHESTRATOR_CATALOGUE: {error}") from error
    known = sorted({card.provider for card in catalogue})
    strangers = [name for name in settings.providers if name not in known]
    if strangers:
        raise SettingsError(
            f"ICE_PROVIDERS: {', '.join(strangers)}: no model of theirs is in the catalogue; "
            f"known are {', '.join(known)}"
        )
    return Handlers(
        ShotDocuments(documents.collection(shot_documents.COLLECTION)),
        ProviderDocuments(
            documents.collection(provider_documents.COLLECTION),
            clock,
            fresh_s=settings.orchestrator_health_fresh_s,
        ),
        catalogue=catalogue,
        providers=settings.providers,
        in_doubt=settings.orchestrator_in_doubt,
        clock=clock,
    )
