"""A queue of shots, drawn in this process: for notebooks and tests. The services do this over Kafka and keep it."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from schemas import bible
from schemas import shot as planning
from schemas.asset import Asset, AssetRef
from schemas.shot import ShotPlanned
from schemas.vocabulary import FrameRole
from services.engine.errors import NoCapableModelError, ShotRejectedError
from services.engine.image_engine import ImageEngine, Request, asked_in
from services.engine.settling import Entries, planned_as_is, planned_with
from services.generation.domain import images
from services.generation.providers import drawing_worker
from services.generation.providers.base import ImageJob
from services.generation.providers.previz_scene import scene_of
from services.location_conditioning.domain import ShotTrack
from services.location_conditioning.domain.continuity import End
from services.orchestrator.domain.fit import History

#: Makes the image of a job; what it raises is the reason why there is none.
Painter = Callable[[ImageJob], Awaitable[bytes]]
_REASON: Final = 300


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FinishedFrame:
    """A frame that exists: its request, its bytes, its record, and what was measured on it."""

    request: Request
    image: bytes
    asset: Asset
    validation: dict[str, Any]


@dataclass(slots=True)
class Job:
    """A shot on its way. `reasons` tells every failure, those that a fallback mended included."""

    job_id: str
    planned: ShotPlanned
    entries: Entries
    priority: int
    status: JobStatus = JobStatus.QUEUED
    frames: list[FinishedFrame] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """The job for people and programs, without image bytes."""
        return {
            "job_id": self.job_id,
            "shot_id": self.planned.shot.shot_id,
            "scene_id": self.planned.shot.scene_id,
            "priority": self.priority,
            "status": self.status.value,
            "reasons": list(self.reasons),
            "frames": [
                {
                    "frame_role": frame.request["frame_role"],
                    "model": frame.request["model"],
                    "asset": frame.asset.model_dump(mode="json", exclude={"prompt", "generation_params"}),
                    "validation": frame.validation["verdict"],
                }
                for frame in self.frames
            ],
        }


async def draw(job: ImageJob) -> bytes:
    """The previz artist's drawing, made in a thread."""
    return await asyncio.to_thread(drawing_worker.draw, scene_of(job))


class ImageGeneratorWorker:
    """Jobs by priority, higher first, then in the order in which they came.

    Args:
        engine: None = one with its defaults.
        painters: what makes images, by provider; None = previz alone. A provider without one fails with that reason,
            and the next capable model is tried, within the project's attempts.
    """

    def __init__(self, engine: ImageEngine | None = None, painters: Mapping[str, Painter] | None = None) -> None:
        self._engine = engine or ImageEngine()
        self._painters = painters if painters is not None else {"previz": draw}
        self._jobs: dict[str, Job] = {}
        self._queue: list[tuple[int, int, str]] = []
        self._tracks: dict[str, ShotTrack] = {}

    async def add_job(
        self,
        shot: planning.Shot,
        characters: Iterable[bible.Character] = (),
        location: bible.Location | None = None,
        priority: int = 0,
        props: Iterable[bible.Prop] = (),
    ) -> str:
        """Queue a shot with what it shows; returns the job's id, unique within this worker."""
        planned, entries = planned_with(shot, self._engine.project, characters, location, props)
        return self._queued(planned, entries, priority)

    async def process_queue(self) -> list[dict[str, Any]]:
        """Work off the queue; reports of the jobs finished by this call, in the order of work."""
        done = []
        while self._queue:
            _, _, job_id = heapq.heappop(self._queue)
            if self._jobs[job_id].status is JobStatus.QUEUED:
                done.append(await self.process_job(job_id))
        return done

    async def process_scene(  # noqa: PLR0913 - the parts of a scene, by name
        self,
        scene_id: str,
        shots: Sequence[planning.Shot],
        characters_map: Mapping[str, bible.Character] | None = None,
        locations_map: Mapping[str, bible.Location] | None = None,
        props_map: Mapping[str, bible.Prop] | None = None,
        priority: int = 0,
    ) -> list[dict[str, Any]]:
        """Make the shots of a scene by shot number; a report of each, in that order.

        Raises:
            ValueError: a shot belongs to another scene.
        """
        strangers = [f"{shot.shot_id} ({shot.scene_id})" for shot in shots if shot.scene_id != scene_id]
        if strangers:
            raise ValueError(f"shots: {', '.join(strangers)}; allowed are shots of scene {scene_id!r}")
        entries = Entries.by_key(characters_map, locations_map, props_map)
        in_order = sorted(shots, key=lambda shot: shot.shot_number)
        planned = [planned_as_is(shot, self._engine.project) for shot in in_order]
        job_ids = [self._queued(item, entries, priority) for item in planned]
        return [await self.process_job(job_id) for job_id in job_ids]

    async def process_job(self, job_id: str) -> dict[str, Any]:
        """Make every frame of one job, whatever its priority; a job that is finished is only reported.

        Raises:
            KeyError: there is no such job.
        """
        job = self.job(job_id)
        if job.status is not JobStatus.QUEUED:
            return job.report()
        job.status = JobStatus.PROCESSING
        for role in job.planned.shot.frames.roles:
            frame = await self._frame(job, role)
            if frame is None:
                job.status = JobStatus.FAILED
                return job.report()
            job.frames.append(frame)
            self._remember(job, role, frame)
        job.status = JobStatus.COMPLETED
        return job.report()

    def job(self, job_id: str) -> Job:
        """A job with its images, finished or not.

        Raises:
            KeyError: there is no such job.
        """
        if job_id not in self._jobs:
            raise KeyError(f"job_id: {job_id!r} is none of this worker's {len(self._jobs)} jobs")
        return self._jobs[job_id]

    def get_queue_status(self) -> dict[str, Any]:
        """How many jobs are how far, and a report of every job ever added."""
        counts = Counter(job.status for job in self._jobs.values())
        return {
            "total": len(self._jobs),
            **{status.value: counts[status] for status in JobStatus},
            "jobs": [job.report() for job in self._jobs.values()],
        }

    def _queued(self, planned: ShotPlanned, entries: Entries, priority: int) -> str:
        number = len(self._jobs) + 1
        job_id = f"job-{number:06}-{planned.shot.shot_id}"
        self._jobs[job_id] = Job(job_id, planned, entries, priority)
        heapq.heappush(self._queue, (-priority, number, job_id))
        return job_id

    async def _frame(self, job: Job, role: FrameRole) -> FinishedFrame | None:
        """The frame by the first capable model that delivers; None = the reasons say why nobody did."""
        tried: dict[str, str] = {}
        while len(tried) < self._engine.project.budget.max_attempts:
            try:
                request = self._engine.request_for(
                    job.planned, job.entries, role, tracks=self._tracks, history=History(excluded=dict(tried))
                )
            except (ShotRejectedError, NoCapableModelError) as error:
                job.reasons.append(str(error))
                return None
            try:
                return await self._painted(request)
            except Exception as error:  # noqa: BLE001 - whatever ends one model's try, the next model gets its own
                tried[request["model"]] = f"{type(error).__name__}: {error}"[:_REASON]
                job.reasons.append(f"{role.value} frame by {request['model']}: {tried[request['model']]}")
        return None

    async def _painted(self, request: Request) -> FinishedFrame:
        asked = asked_in(request)
        painter = self._painters.get(asked.provider)
        if painter is None:
            raise LookupError(f"provider {asked.provider!r} has no painter in this process, only {set(self._painters)}")
        painted = await painter(ImageJob.from_request(asked))
        image = images.prepare(painted, asked.width, asked.height, images.Limits()).png
        asset = self._engine.create_asset_from_generation(request, image)
        validation = self._engine.validate_generation(request, image)
        if not validation["valid"]:
            raise ValueError("; ".join(validation["reasons"]))
        return FinishedFrame(request, image, asset, validation)

    def _remember(self, job: Job, role: FrameRole, frame: FinishedFrame) -> None:
        """Keep the keyframe for the frames that continue it."""
        asset, run = frame.asset, asked_in(frame.request).run
        ref = AssetRef.model_validate(
            {**asset.model_dump(), "uri": asset.url, "size_bytes": asset.file_size, "thumbnail_uri": None}
        )
        end = End(run_id=run.run_id, revision=run.revision, role=role, take=1, asset=ref)
        shot_id = job.planned.shot.shot_id
        known = self._tracks.get(shot_id, ShotTrack(shot_id=shot_id))
        others = tuple(item for item in known.ends if item.run_id != end.run_id)
        self._tracks[shot_id] = known.model_copy(
            update={"revision": run.revision, "regenerations": (None,), "ends": (*others, end)}
        )
