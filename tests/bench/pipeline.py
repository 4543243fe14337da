"""Side (a): every service of the engine in one process, with a provider that returns one image at once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer

from schemas import topics
from schemas.bible import CharacterDefined, LocationDefined
from schemas.shot import ShotPlanned
from services.chassis.publishing import EventPublisher
from services.generation import app as generation
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.settings import GenerationSettings
from services.local_stack import app as stack
from tests import builders
from tests.bench.load import Outcome, Stopwatch, Task, drive, frame

#: The topics that a shot passes, in order.
WAY = (
    topics.SHOT_PLANNED,
    topics.CHARACTERS_CONDITIONED,
    topics.LOCATION_CONDITIONED,
    topics.PROMPT_BUILT,
    topics.generation_requested("previz", topics.Lane.STANDARD),
    topics.GENERATION_COMPLETED,
    topics.FRAME_VALIDATED,
    topics.KEYFRAME_READY,
)


PROVIDERS = ("previz",)


class FixedProvider:
    """Stands in for previz: the same image, at once."""

    name = "previz"
    free = True
    models: tuple[str, ...] = ("previz",)
    slots = 32

    def __init__(self) -> None:
        self._data = frame()

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        return

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:  # noqa: ARG002 - answers at once
        return GeneratedImage(self._data, seed_used=job.seed)

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:  # noqa: ARG002 - as above
        return GeneratedImage(self._data, seed_used=job.seed)


async def run(task: Task) -> Outcome:
    """Start everything, drive it, stop it."""
    settings = task.settings()
    await stack.make_topics(settings, PROVIDERS)
    services = [
        generation.build(GenerationSettings(**task.arguments()), FixedProvider())
        if service.name.startswith("generation")
        else service
        for service in stack.build_services({**task.arguments(), "providers": PROVIDERS}, PROVIDERS, gateway_port=0)
    ]
    publisher = EventPublisher(settings, "bench")
    await asyncio.gather(*(service.start() for service in services))
    await publisher.start()
    consumer = _consumer(task, settings.kafka_topic_prefix + topics.KEYFRAME_READY)
    await consumer.start()
    watch = Stopwatch()
    listening = asyncio.create_task(watch.listen(consumer))
    try:
        await publisher.publish(
            [
                CharacterDefined(project_id="bench", character=builders.RADHA),
                LocationDefined(project_id="bench", location=builders.FOREST),
            ]
        )

        async def send(keys: Sequence[str]) -> None:
            now = time.perf_counter()
            watch.sent.update(dict.fromkeys(keys, now))
            await publisher.publish([_shot(key) for key in keys])

        outcome = await drive(task, send, watch)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await consumer.stop()
        await publisher.stop()
        await asyncio.gather(*(service.stop() for service in services))
    return outcome.model_copy(update={"payload_bytes": await _payload_bytes(task)})


def _shot(key: str) -> ShotPlanned:
    shot = builders.shot(shot_id=key.split("/")[1])
    return ShotPlanned(project=builders.project(project_id="bench"), shot=shot)


async def _payload_bytes(task: Task) -> dict[str, int]:
    """Mean record size of each topic on the way."""
    prefix = task.settings().kafka_topic_prefix
    consumer = _consumer(task, *(prefix + topic for topic in WAY))
    await consumer.start()
    sizes: defaultdict[str, list[int]] = defaultdict(list)
    try:
        while got := await consumer.getmany(timeout_ms=2000):
            for partition, records in got.items():
                sizes[partition.topic.removeprefix(prefix)] += [len(record.value) for record in records]
    finally:
        await consumer.stop()
    return {topic: sum(values) // len(values) for topic, values in sizes.items()}


def _consumer(task: Task, *names: str) -> AIOKafkaConsumer:
    settings = task.settings()
    return AIOKafkaConsumer(
        *names,
        bootstrap_servers=settings.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=settings.kafka_fetch_max_wait_ms,
    )
