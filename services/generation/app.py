"""Puts a generation worker together: the clients of one provider, and the table topic → handler → emits."""

import secrets

from schemas import topics
from schemas.generation import GenerationCompleted, GenerationFailed
from schemas.topics import Lane
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import Concurrent, On, Sweep
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.object_store import S3ObjectStore
from services.chassis.offload import ThreadOffload
from services.generation.adapters.assets import AssetStore
from services.generation.adapters.ledger import DocumentLedger, DocumentSupersededRuns
from services.generation.domain.images import Limits
from services.generation.handlers import Handlers, Ports, Rules
from services.generation.providers.base import ImageProvider
from services.generation.providers.catalogue import make_provider
from services.generation.settings import GenerationSettings

_OUTCOMES = (GenerationCompleted, GenerationFailed)


def build(settings: GenerationSettings, provider: ImageProvider | None = None) -> ServiceApp:
    """Build every client and bind the table; nothing is opened yet.

    Args:
        settings: of this worker.
        provider: one that isn't in the catalogue of providers, for tests and benchmarks; None = by the settings.

    Raises:
        SettingsError: the settings name a provider that doesn't exist, or one whose key isn't set.
    """
    documents, objects = Documents(settings), S3ObjectStore(settings)
    offload, clock = ThreadOffload(settings.generation_threads), SystemClock()
    source = provider if provider is not None else make_provider(settings, objects, offload)
    ledger = DocumentLedger(documents, clock, settings.lease(free=source.free))
    assets = AssetStore(objects, documents, settings.s3_bucket)
    handlers = Handlers(
        source,
        Ports(ledger, DocumentSupersededRuns(documents, clock), assets, offload, clock),
        _rules(settings, source),
    )
    return make_app(
        settings,
        name=f"generation.{source.name}",
        # Most urgent first: a free slot asks the topics in this order.
        subscriptions=(
            On(topics.RUN_SUPERSEDED, handlers.superseded),
            On(topics.generation_requested(source.name, Lane.EXPRESS), handlers.requested, emits=_OUTCOMES),
            On(topics.generation_requested(source.name, Lane.STANDARD), handlers.requested, emits=_OUTCOMES),
        ),
        concurrency=Concurrent(
            slots=settings.generation_concurrency or source.slots, drain_s=settings.generation_drain_s
        ),
        sweeps=(Sweep("announce the provider's health", handlers.health, every_s=settings.generation_probe_s),),
        resources=(documents, objects, offload, source),
        prepare=(ledger.prepare, assets.prepare),
        announce=handlers.announce,
    )


def _rules(settings: GenerationSettings, provider: ImageProvider) -> Rules:
    return Rules(
        owner=f"generation.{provider.name}-{secrets.token_hex(8)}",
        lease=settings.lease(free=provider.free),
        patience=settings.patience,
        in_doubt=settings.generation_in_doubt,
        limits=Limits(settings.generation_max_image_bytes, settings.generation_max_pixels),
        outages=settings.generation_outages,
    )
