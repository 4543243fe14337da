"""What happens on each consumed event: load, decide, save, emit."""

import json
import logging
from collections.abc import Sequence

from schemas.base import Event
from schemas.generation import GenerationCompleted, GenerationFailed
from schemas.prompt import PromptBuilt
from schemas.provider import ProviderHealthChanged
from schemas.review import ReviewDecided
from schemas.run import RunContext
from schemas.shot import ShotPlanned
from schemas.validation import FrameValidated
from schemas.vocabulary import SubjectKind
from services.chassis.clock import Clock
from services.chassis.failures import Transient
from services.chassis.stored_events import pack, unpack
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.course import InDoubtPolicy, Terms
from services.orchestrator.domain.decisions import decide
from services.orchestrator.domain.retention import remembering
from services.orchestrator.domain.state import ShotState
from services.orchestrator.ports import ProviderHealths, ShotStates

log = logging.getLogger(__name__)

#: Lost compare-and-sets in a row before the message is tried again later. Its topics' handlers are few.
_RACES = 20


class Handlers:
    """One method per consumed event.

    Args:
        shots: the runs.
        healths: how the providers are.
        catalogue: the models.
        providers: providers whose workers run here.
        in_doubt: what becomes of a run whose call is in doubt.
        clock: tells the date on which retirements are judged.
    """

    def __init__(  # noqa: PLR0913 - its ports and rules, each named
        self,
        shots: ShotStates,
        healths: ProviderHealths,
        *,
        catalogue: Catalogue,
        providers: tuple[str, ...],
        in_doubt: InDoubtPolicy,
        clock: Clock,
    ) -> None:
        self._shots = shots
        self._healths = healths
        self._catalogue = catalogue
        self._providers = providers
        self._in_doubt = in_doubt
        self._clock = clock

    async def shot_planned(self, event: ShotPlanned) -> Sequence[Event]:
        """Note the newest revision; end unfinished runs of older ones."""
        return await self._settle(event.project.project_id, SubjectKind.KEYFRAME, event.shot.shot_id, event)

    async def prompt_built(self, event: PromptBuilt) -> Sequence[Event]:
        """Choose a model and ask it, unless the run is superseded or no model can make the shot."""
        return await self._on_run(event.run, event)

    async def generation_completed(self, event: GenerationCompleted) -> Sequence[Event]:
        """Note what was made; judge it where its checks are known already."""
        return await self._on_run(event.run, event)

    async def generation_failed(self, event: GenerationFailed) -> Sequence[Event]:
        """Ask again or ask the next model, by the kind of failure, within the run's budget."""
        return await self._on_run(event.run, event)

    async def frame_validated(self, event: FrameValidated) -> Sequence[Event]:
        """Announce the keyframe, ask a reviewer, or take again."""
        return await self._on_run(event.run, event)

    async def review_decided(self, event: ReviewDecided) -> Sequence[Event]:
        """Follow the first decision on a frame in review."""
        subject = SubjectKind.KEYFRAME
        # A decision doesn't say what kind of subject it is about; nearly all are keyframes.
        for kind in SubjectKind:
            if event.run_id in (await self._shots.load(event.project_id, kind, event.shot_id)).runs:
                subject = kind
                break
        return await self._settle(event.project_id, subject, event.shot_id, event)

    async def provider_health_changed(self, event: ProviderHealthChanged) -> Sequence[Event]:
        """Keep the newest word on the provider for the router."""
        await self._healths.note(event)
        return ()

    async def _on_run(self, run: RunContext, event: Event) -> Sequence[Event]:
        return await self._settle(run.project.project_id, run.subject, run.shot.shot_id, event)

    async def _settle(self, project_id: str, subject: SubjectKind, shot_id: str, event: Event) -> Sequence[Event]:
        """Decide once: the decision and what it causes are saved together; a repeat publishes the same again.

        Raises:
            Transient: the database is away, or other writers came first again and again.
        """
        for _ in range(_RACES):
            state = await self._shots.load(project_id, subject, shot_id)
            known = state.caused.get(event.event_id)
            if known is not None:
                return unpack(json.loads(known.events))
            events = await self._decided(state, event)
            if events is not None:
                return events
        raise Transient(f"shot {project_id}/{shot_id}: {_RACES} writes in a row were overtaken")

    async def _decided(self, state: ShotState, event: Event) -> Sequence[Event] | None:
        """The events that follow, saved; None when another writer came first."""
        ruling = decide(state, event, await self._terms(event))
        if ruling.note:
            level = logging.ERROR if ruling.alarm else logging.INFO
            log.log(level, "%s: %s", event.TYPE, ruling.note, extra={"run_id": ruling.run_id})
        if ruling.state is state and ruling.run_id is None:
            # News that isn't any, or of a run that nobody knows: a repeat finds the same nothing.
            return ()
        caused = json.dumps(pack(ruling.events), ensure_ascii=False, separators=(",", ":"))
        saved = await self._shots.save(remembering(ruling.state, event.event_id, ruling.run_id, caused))
        return ruling.events if saved else None

    async def _terms(self, event: Event) -> Terms:
        routes = isinstance(event, PromptBuilt | GenerationFailed)
        return Terms(
            catalogue=self._catalogue,
            providers=self._providers,
            today=self._clock.now().date(),
            health=await self._healths.newest() if routes else {},
            in_doubt=self._in_doubt,
        )
