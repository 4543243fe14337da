"""What validation does about each event: fetch the frame, measure it, decide once, say so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from schemas.base import Event
from schemas.generation import GenerationCompleted
from schemas.run import RunSuperseded
from schemas.validation import FrameValidated, Score, Verdict
from services.chassis.failures import ObjectMissing, ObjectTooLarge, Transient
from services.chassis.object_store import ObjectStore
from services.chassis.stored_events import pack, unpack
from services.validation.domain import duplicates, gates, scoring
from services.validation.domain.duplicates import Fingerprint
from services.validation.domain.frame import Frame, Limits, Wanted, decoded, missing
from services.validation.domain.intent import Intent, Plate, intent_of, plate_to_compare, plates_in_light, worn
from services.validation.domain.scoring import Scorer
from services.validation.domain.thresholds import Thresholds
from services.validation.ports import Frames, Judges, Offload, Plates, SupersededRuns

#: Pictures of one entity that a frame is held to, best for the shot first.
_MOST_REFERENCES = 4


@dataclass(frozen=True, slots=True)
class Checks:
    """What every frame goes through."""

    scorers: tuple[Scorer, ...]
    thresholds: Thresholds
    limits: Limits
    drawing_providers: frozenset[str] = frozenset({"previz"})
    """Providers whose frames are drawn by code, so that their colours are exact."""


@dataclass(frozen=True, slots=True)
class _Measured:
    scores: tuple[Score, ...]
    fingerprint: Fingerprint | None
    data: bytes = b""


class Handlers:
    """Validation of one process."""

    def __init__(  # noqa: PLR0913 - its ports, by name
        self,
        frames: Frames,
        superseded: SupersededRuns,
        objects: ObjectStore,
        plates: Plates,
        offload: Offload,
        checks: Checks,
        judges: Judges | None = None,
    ) -> None:
        self._frames = frames
        self._superseded = superseded
        self._objects = objects
        self._plates = plates
        self._offload = offload
        self._checks = checks
        self._judges = judges

    async def completed(self, event: GenerationCompleted) -> Sequence[Event]:
        """Check a frame; a repeat gets the decision of the first time. Nobody waits for a superseded run."""
        earlier = await self._frames.decided(event.generation_id)
        if earlier is not None:
            return unpack(earlier)
        if await self._superseded.has(event.run.run_id):
            return ()
        measured = await self._measure(event)
        own = measured.fingerprint
        neighbours = await self._frames.neighbours(event, own) if own is not None else ()
        plain = (*measured.scores, duplicates.near_duplicate(own, neighbours, self._checks.thresholds))
        scores = (*plain, *await self._judged(event, plain, measured.data))
        if own is not None:
            await self._frames.remember(event, own)
        return await self._decide(event, scores)

    async def superseded(self, event: RunSuperseded) -> Sequence[Event]:
        """Remember the run, so that its frames aren't looked at."""
        await self._superseded.add(event.run.run_id)
        return ()

    async def _judged(self, event: GenerationCompleted, plain: tuple[Score, ...], data: bytes) -> tuple[Score, ...]:
        """What costs more is asked about frames that pass the plain checks; the gate says what all of it adds up to."""
        if self._judges is None or scoring.verdict(plain) is Verdict.FAILED:
            return ()
        scores = tuple(await self._judges.scores(event, data))
        together = gates.gate((*plain, *scores))
        return scores if together is None else (*scores, together)

    async def _intent(self, event: GenerationCompleted) -> Intent:
        plates = [await self._plates.look_at(image) for image in plates_in_light(event.location)[:_MOST_REFERENCES]]
        cast = []
        for member in event.visible_cast:
            seen = [await self._plates.look_at(image) for image in worn(member)[:_MOST_REFERENCES]]
            cast.append((member.name, tuple(found.sight for found in seen if found.sight is not None)))
        plain = intent_of(event, await self._plate(event))
        return replace(
            plain,
            plates=tuple(found.sight for found in plates if found.sight is not None),
            cast=tuple(cast),
            drawn=event.provider in self._checks.drawing_providers,
        )

    async def _measure(self, event: GenerationCompleted) -> _Measured:
        asset = event.asset
        intent = await self._intent(event)
        wanted = Wanted(event.run.width, event.run.height, asset.sha256, asset.size_bytes, intent)
        try:
            data = await self._objects.get(asset.uri, self._checks.limits.max_bytes)
        except (ObjectMissing, ObjectTooLarge, ValueError) as error:
            # A frame that isn't there is a verdict, not a poisoned message: the run must go on.
            return _measured(missing(wanted, str(error)), self._checks.scorers)
        measured = await self._offload.run(partial(_look, data, wanted, self._checks))
        return replace(measured, data=data)

    async def _plate(self, event: GenerationCompleted) -> Plate:
        thresholds = self._checks.thresholds
        size, style = event.run.shot.shot_size, event.run.style
        if thresholds.palette_limit(size) is None or not thresholds.style(style).colour:
            return Plate()
        image = plate_to_compare(event.location)
        return Plate(problem=image) if isinstance(image, str) else await self._plates.look_at(image)

    async def _decide(self, event: GenerationCompleted, scores: tuple[Score, ...]) -> Sequence[Event]:
        decision = FrameValidated(
            run=event.run,
            generation_id=event.generation_id,
            take=event.take,
            attempt=event.attempt,
            asset=event.asset,
            verdict=scoring.verdict(scores),
            scores=scores,
            reasons=scoring.reasons(scores),
        )
        if await self._frames.decide(event, pack([decision])):
            return (decision,)
        first = await self._frames.decided(event.generation_id)
        if first is None:
            raise Transient(f"frame {event.generation_id}: its decision has gone while it was read")
        return unpack(first)


def _look(data: bytes, wanted: Wanted, checks: Checks) -> _Measured:
    return _measured(decoded(data, wanted, checks.limits), checks.scorers)


def _measured(frame: Frame, scorers: tuple[Scorer, ...]) -> _Measured:
    own = duplicates.fingerprint(frame.picture) if frame.picture is not None else None
    return _Measured(scoring.score_all(frame, scorers), own)
