"""Puts the gateway together: every topic into the read model, the read model onto the web."""

from schemas import topics
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import OnBatch
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.object_store import S3ObjectStore
from services.chassis.publishing import EventPublisher
from services.gateway import domain
from services.gateway.answers import Links
from services.gateway.api import Api, web_app
from services.gateway.bible_api import BibleApi
from services.gateway.entry_book import EntryBook
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from services.gateway.registry.api import RegistryApi
from services.gateway.registry.book import AdapterBook
from services.gateway.registry.registry import Registry
from services.gateway.registry.uploads import Uploads
from services.gateway.settings import GatewaySettings
from services.gateway.webhooks import WebhookRules, Webhooks

NAME = "gateway"


def build(settings: GatewaySettings) -> ServiceApp:
    """Build every client and bind the table; nothing is opened yet."""
    documents = Documents(settings)
    objects = S3ObjectStore(settings)
    publisher = EventPublisher(settings, NAME)
    handlers = Handlers(documents)
    read_model = ReadModel(documents)
    links = Links(objects, settings.gateway_link_s)
    api = Api(read_model, links, publisher, page_size=settings.gateway_page_size)
    entries = EntryBook(documents, max_bytes=settings.kafka_max_message_bytes)
    bible = BibleApi(read_model, entries, links, publisher, SystemClock())
    webhooks = Webhooks(
        publisher,
        read_model.has_event,
        SystemClock(),
        WebhookRules(settings.callback_keys, settings.callback_window),
    )

    book = AdapterBook(documents)
    uploads = Uploads(settings.gateway_upload_folder, max_bytes=settings.gateway_adapter_mb * 1024 * 1024)
    registry = Registry(book, entries, objects, settings.s3_bucket, publisher, SystemClock())
    registry_api = RegistryApi(registry, uploads, read_model, links)

    async def indexes() -> None:
        for name, keys in (
            (domain.RUNS, ("project_id", "shot_id")),
            (domain.RUNS, (domain.IN_DOUBT,)),
            (domain.SHOTS, ("project_id", "shot_id")),
            (domain.EVENTS, ("run_id",)),
            (domain.EVENTS, ("project_id", "shot_id")),
            (domain.ENTITIES, ("project_id",)),
            (domain.REFERENCES, ("project_id", "entity_id")),
        ):
            await documents.collection(name).ensure_index([(key, 1) for key in keys])

    read = tuple(spec.name for spec in topics.specs(settings.providers) if NAME in spec.consumers)
    return make_app(
        settings,
        name=NAME,
        subscriptions=(OnBatch(read, handlers.project),),
        resources=(documents, objects, publisher),
        prepare=(indexes, book.prepare, entries.prepare),
        http=web_app(api, webhooks, bible, registry_api),
    )
