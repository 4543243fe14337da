"""The prompt builder as a service."""

from schemas import topics
from schemas.prompt import PromptBuilt
from schemas.reference import ReferenceFailed
from schemas.shot import ShotRejected
from schemas.urgency import is_express
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import On
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.handlers import Handlers
from services.prompt_builder.settings import PromptBuilderSettings


def build(settings: PromptBuilderSettings) -> ServiceApp:
    """Put the service together; faulty templates stop it here.

    Raises:
        TemplateError: a shipped template is wrong.
    """
    handlers = Handlers(shipped_templates())
    emits = (PromptBuilt, ShotRejected, ReferenceFailed)
    return make_app(
        settings,
        name="prompt_builder",
        subscriptions=(
            # A retake is waited for: it goes before a film in bulk.
            On(topics.RETAKE_REQUESTED, handlers.retake_requested, emits=emits),
            On(topics.LOCATION_CONDITIONED, handlers.location_conditioned, emits=emits, urgent=is_express),
        ),
    )
