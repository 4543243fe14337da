"""An express shot behind a flood of others, through every stage of the engine."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer

from schemas import topics
from schemas.bible import LocationDefined
from schemas.shot import ShotPlanned
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from tests import builders
from tests.fakes.provider import FakeProvider, picture
from tests.fixtures.broker import Broker
from tests.fixtures.engine import Engine, running_engine, surroundings
from tests.fixtures.object_store import S3Endpoint

pytestmark = [pytest.mark.integration, pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(300)]

FILM, FLOOD, EXPRESS = "flood", 300, "flood/now"
#: The way of a shot; the request goes by the lane's own topic.
WAY = (
    topics.CHARACTERS_CONDITIONED,
    topics.LOCATION_CONDITIONED,
    topics.PROMPT_BUILT,
    topics.GENERATION_COMPLETED,
    topics.FRAME_VALIDATED,
    topics.KEYFRAME_READY,
)
SLOW = frozenset({topics.GENERATION_COMPLETED, topics.FRAME_VALIDATED, topics.KEYFRAME_READY})


class UnhurriedProvider(FakeProvider):
    """Four at once, a quarter of a second each: slower than every other stage, as providers are.

    It begins when it is let: how far the flood is when the express shot comes shall not depend on the machine.
    """

    def __init__(self) -> None:
        super().__init__()
        self.may_begin = asyncio.Event()

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        del accepted
        await self.may_begin.wait()
        await asyncio.sleep(0.25)
        return GeneratedImage(self._frame, seed_used=job.seed)

    _frame = picture(256, 144)


@pytest.fixture
def provider() -> UnhurriedProvider:
    return UnhurriedProvider()


@pytest.fixture
async def engine(
    broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint, provider: UnhurriedProvider
) -> AsyncIterator[Engine]:
    shared = surroundings(broker, mongo_url, s3_endpoint, providers=("previz",))
    async with running_engine(shared, previz=provider) as running:
        yield running
        provider.may_begin.set()


async def test_an_express_shot_passes_a_flood_in_every_stage(engine: Engine, provider: UnhurriedProvider) -> None:
    await engine.publish([LocationDefined(project_id=FILM, location=builders.FOREST)])
    await engine.publish([planned(f"s{number:03}") for number in range(FLOOD)])
    await engine.publish([planned("now", priority=90)])
    await engine.read(topics.generation_requested("previz", topics.Lane.EXPRESS), 1)
    provider.may_begin.set()

    before, waiting = await passed(engine)
    print(f"of those that waited when it came, {waiting}, so many still went before it: {before}")  # noqa: T201
    # The flood must still stand.
    assert waiting[topics.KEYFRAME_READY] > FLOOD // 3
    # A quick stage finishes the batch in hand when it comes, on a slow machine the whole flood; how it passes within
    # and behind a batch is shown by the chassis' tests. From the first paid stage on it must be among the first.
    assert {topic: count for topic, count in before.items() if topic in SLOW and count > FLOOD // 4} == {}


def planned(shot_id: str, priority: int = 50) -> ShotPlanned:
    project = builders.project(project_id=FILM, width=256, height=144)
    return ShotPlanned(project=project, shot=builders.shot(shot_id=shot_id, priority=priority, cast=()))


async def passed(engine: Engine) -> tuple[dict[str, int], dict[str, int]]:
    """How many others went before the express one by topic, and how many waited there when it was published."""
    prefix = engine.settings.kafka_topic_prefix
    consumer = AIOKafkaConsumer(
        *(prefix + topic for topic in (topics.SHOT_PLANNED, *WAY)),
        bootstrap_servers=engine.settings.kafka_bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    published: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    async with consumer, asyncio.timeout(240):
        while not any(key == EXPRESS for _, key in published[topics.KEYFRAME_READY]):
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                rows = published[partition.topic.removeprefix(prefix)]
                rows += [(record.timestamp, record.key.decode()) for record in records]
    planned_at = _when(published[topics.SHOT_PLANNED])
    through = {topic: _before(published[topic], planned_at) for topic in WAY}
    before = {topic: _before(published[topic], _when(published[topic])) - through[topic] for topic in WAY}
    return before, {topic: FLOOD - count for topic, count in through.items()}


def _when(rows: list[tuple[int, str]]) -> int:
    """When the express shot came."""
    return min(timestamp for timestamp, key in rows if key == EXPRESS)


def _before(rows: list[tuple[int, str]], moment: int) -> int:
    """Shots whose first record is older; partitions are read in any order, all clocks are one."""
    return len({key for timestamp, key in rows if timestamp < moment})
