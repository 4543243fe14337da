"""Puts the gateway together: every topic into the read model, the read model onto the web."""

from dataclasses import dataclass

from schemas import topics
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import OnBatch
from services.chassis.documents import Documents
from services.chassis.object_store import S3ObjectStore
from services.chassis.publishing import EventPublisher
from services.gateway import domain
from services.gateway.adapters.web_server import WebServer
from services.gateway.api import Api, web_app
from services.gateway.handlers import Handlers
from services.gateway.read_model import ReadModel
from services.gateway.settings import GatewaySettings

NAME = "gateway"


@dataclass(frozen=True, slots=True)
class Gateway:
    """The service and where its API listens."""

    app: ServiceApp
    web: WebServer


def compose(settings: GatewaySettings, providers: tuple[str, ...]) -> Gateway:
    """Build every client and bind the table; nothing is opened yet.

    Args:
        settings: of the gateway.
        providers: whose generation topics are read.
    """
    documents = Documents(settings)
    objects = S3ObjectStore(settings)
    publisher = EventPublisher(settings, NAME)
    handlers = Handlers(documents)
    api = Api(
        ReadModel(documents),
        objects,
        publisher,
        link_s=settings.gateway_link_s,
        page_size=settings.gateway_page_size,
    )
    web = WebServer(web_app(api), settings.gateway_host, settings.gateway_port)

    async def indexes() -> None:
        for name, keys in (
            (domain.RUNS, ("project_id", "shot_id")),
            (domain.SHOTS, ("project_id", "shot_id")),
            (domain.EVENTS, ("run_id",)),
            (domain.EVENTS, ("project_id", "shot_id")),
            (domain.ENTITIES, ("project_id",)),
        ):
            await documents.collection(name).ensure_index([(key, 1) for key in keys])

    read = tuple(spec.name for spec in topics.specs(providers) if NAME in spec.consumers)
    app = make_app(
        settings,
        name=NAME,
        subscriptions=(OnBatch(read, handlers.project),),
        resources=(documents, objects, publisher, web),
        prepare=(indexes,),
    )
    return Gateway(app, web)


def build(settings: GatewaySettings) -> ServiceApp:
    """The service alone."""
    return compose(settings, settings.providers).app
