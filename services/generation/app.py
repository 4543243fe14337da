"""Puts a generation worker together: the clients of one provider, and the table topic → handler → emits."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from schemas import topics
from schemas.generation import GenerationCompleted, GenerationFailed
from schemas.topics import Lane
from services.chassis.app import Resource, ServiceApp, make_app
from services.chassis.bindings import Concurrent, On, Sweep
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.health import Check
from services.chassis.object_store import S3ObjectStore
from services.chassis.offload import ThreadOffload
from services.generation.adapters.adapter_files import AdapterCache
from services.generation.adapters.assets import AssetStore
from services.generation.adapters.callbacks import CallbackBoard
from services.generation.adapters.ledger import DocumentLedger, DocumentSupersededRuns
from services.generation.adapters.limits import NoLimits, SharedLimits
from services.generation.adapters.memory import Room
from services.generation.adapters.metrics import GenerationMetrics
from services.generation.domain.images import Limits
from services.generation.domain.limits import Terms
from services.generation.handlers import Handlers
from services.generation.ports import Ports, Rules
from services.generation.providers.base import ImageProvider
from services.generation.providers.catalogue import make_provider
from services.generation.providers.optional import Hinted, Limited, Tells
from services.generation.providers.vendor import VendorLimits
from services.generation.settings import GenerationSettings

_OUTCOMES = (GenerationCompleted, GenerationFailed)
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Clients:
    """Everything that a worker holds open."""

    documents: Documents
    objects: S3ObjectStore
    offload: ThreadOffload
    limits: SharedLimits | NoLimits
    callbacks: CallbackBoard
    provider: ImageProvider

    @property
    def resources(self) -> tuple[Resource, ...]:
        """In the order of opening."""
        shared = (self.limits,) if isinstance(self.limits, SharedLimits) else ()
        return (self.documents, self.objects, self.offload, *shared, self.callbacks, self.provider)


def build(settings: GenerationSettings, provider: ImageProvider | None = None) -> ServiceApp:
    """Build every client and bind the table; nothing is opened yet.

    Args:
        settings: of this worker.
        provider: one that isn't in the catalogue of providers, for tests and benchmarks; None = by the settings.

    Raises:
        SettingsError: the settings name a provider that doesn't exist, or one whose key isn't set.
    """
    clock = SystemClock()
    clients, worker = _clients(settings, provider, clock)
    source, documents = clients.provider, clients.documents
    ledger = DocumentLedger(documents, clock, worker.lease)
    assets = AssetStore(clients.objects, documents, settings.s3_bucket)
    memory, unpacking = (
        Room(size * _MEBIBYTE) for size in (settings.generation_memory_mb, settings.generation_unpacking_mb)
    )
    metrics = _metrics(clients, memory)
    ports = Ports(
        ledger=ledger,
        superseded=DocumentSupersededRuns(documents, clock),
        assets=assets,
        offload=clients.offload,
        limits=clients.limits,
        memory=memory,
        unpacking=unpacking,
        meter=metrics,
        clock=clock,
    )
    handlers = Handlers(source, ports, clients.callbacks, worker)
    app = make_app(
        settings,
        name=f"generation.{source.name}",
        # Most urgent first: a free slot asks the topics in this order, and the last one now and then before the others.
        subscriptions=(
            On(topics.RUN_SUPERSEDED, handlers.superseded),
            On(topics.PROVIDER_CALLBACK, handlers.called_back),
            On(topics.generation_requested(source.name, Lane.EXPRESS), handlers.requested, emits=_OUTCOMES),
            On(topics.generation_requested(source.name, Lane.STANDARD), handlers.requested, emits=_OUTCOMES),
        ),
        concurrency=_concurrency(settings, source),
        sweeps=_sweeps(settings, handlers, free=source.free),
        resources=clients.resources,
        prepare=(ledger.prepare, assets.prepare, clients.callbacks.prepare),
        announce=handlers.announce,
        checks=lambda: {**handlers.checks(), **_told_by(source)},
    )
    metrics.register(app.metrics.registry)
    return app


def _clients(settings: GenerationSettings, given: ImageProvider | None, clock: SystemClock) -> tuple[_Clients, Rules]:
    documents, objects = Documents(settings), S3ObjectStore(settings)
    offload = ThreadOffload(settings.generation_threads)
    folder, most = settings.generation_adapter_folder, settings.generation_adapter_mb * _MEBIBYTE
    files = AdapterCache(objects, folder, max_bytes=most)
    provider = given if given is not None else make_provider(settings, objects, offload, files)
    callbacks = CallbackBoard(documents, provider.name, clock)
    if isinstance(provider, Hinted):
        provider.use_hints(callbacks)
    worker = Rules(
        owner=f"generation.{provider.name}-{secrets.token_hex(8)}",
        lease=settings.lease(free=provider.free),
        patience=settings.patience,
        in_doubt=settings.generation_in_doubt,
        limits=Limits(settings.generation_max_image_bytes, settings.generation_max_pixels),
        outages=settings.generation_outages,
        throttle_wait_s=settings.generation_throttle_wait_s,
        hands=2 * _slots(settings, provider),
    )
    limits = _limits(settings, provider, documents, worker, clock)
    return _Clients(documents, objects, offload, limits, callbacks, provider), worker


def _told_by(provider: ImageProvider) -> Mapping[str, Check]:
    return provider.checks if isinstance(provider, Tells) else {}


def _limits(
    settings: GenerationSettings, provider: ImageProvider, documents: Documents, worker: Rules, clock: SystemClock
) -> SharedLimits | NoLimits:
    """Shared with the provider's other workers; a free provider without limits shares nothing."""
    limited = isinstance(provider, Limited)
    limits = settings.limits(provider.limits if isinstance(provider, Limited) else VendorLimits())
    if provider.free and not limited and limits == VendorLimits():
        return NoLimits(clock)
    terms = Terms(limits=limits, skew_s=settings.generation_limit_skew_s)
    return SharedLimits(documents, clock, provider=provider.name, owner=worker.owner, terms=terms)


def _metrics(clients: _Clients, memory: Room) -> GenerationMetrics:
    metrics, limits = GenerationMetrics(clients.provider.name), clients.limits
    # gauges: calls of this worker at the vendor, calls that wait for their turn, seconds of the pause, bytes in flight
    metrics.watch("ice_generation_in_flight", "Calls at the provider", lambda: limits.running)
    metrics.watch("ice_generation_waiting", "Calls that wait for their turn", lambda: limits.waiting)
    metrics.watch("ice_generation_pause_seconds", "Until the provider may be called again", lambda: limits.pause[0])
    metrics.watch("ice_generation_memory_bytes", "Memory of images in flight", lambda: memory.used)
    return metrics


def _sweeps(settings: GenerationSettings, handlers: Handlers, *, free: bool) -> tuple[Sweep, ...]:
    # A free call is repeated rather than in doubt: no image of one is ever looked for.
    late = () if free else (Sweep("find images that reached the store late", handlers.late_images, every_s=5.0),)
    return (
        Sweep("announce the provider's health", handlers.health, every_s=settings.generation_probe_s),
        Sweep("call off superseded jobs", handlers.cancel_superseded, every_s=2.0),
        *late,
        Sweep("count calls in doubt, forget old callbacks", handlers.tidy, every_s=60.0),
    )


def _concurrency(settings: GenerationSettings, provider: ImageProvider) -> Concurrent:
    slots = _slots(settings, provider)
    return Concurrent(
        slots=slots,
        drain_s=settings.generation_drain_s,
        stop_s=settings.stop_s(free=provider.free),
        # All slots may be of one partition: what is in flight is bounded by the slots, and a repeat costs nothing.
        per_partition=slots,
    )


def _slots(settings: GenerationSettings, provider: ImageProvider) -> int:
    return settings.generation_concurrency or provider.slots
