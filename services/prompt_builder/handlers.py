"""What the prompt builder does with each event. It keeps nothing: a repeated event gives the same answer."""

from collections.abc import Sequence

from schemas.base import Event
from schemas.conditioning import LocationConditioned
from schemas.prompt import PromptBuilt, RetakeRequested
from schemas.reference import refused
from schemas.run import RunContext
from schemas.shot import ShotRejected
from services.prompt_builder.domain import STAGE, Templates, build


class Handlers:
    """One method per consumed event."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    async def location_conditioned(self, event: LocationConditioned) -> Sequence[Event]:
        """Word the first take of a run, or reject a shot that can't be worded."""
        return (_told(event.run, build(event, self._templates)),)

    async def retake_requested(self, event: RetakeRequested) -> Sequence[Event]:
        """Word a later take with what it is to change."""
        built = build(event, self._templates, take=event.take, retake=event.instruction)
        return (_told(event.run, built),)


def _told(run: RunContext, built: PromptBuilt | ShotRejected) -> Event:
    """The wording, or the refusal: nobody planned a sheet or a plate, so those end as references do."""
    if isinstance(built, ShotRejected) and run.reference is not None:
        return refused(run, STAGE, built.problems)
    return built
