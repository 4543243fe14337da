"""All that outlives a process, in memory: documents, objects, topics, committed offsets and a vendor's books."""

import asyncio
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from PIL import Image

from schemas.base import Event
from schemas.envelope import from_headers, to_headers
from schemas.events import topic_of
from services.chassis.partitions import NOWHERE
from services.chassis.publishing import EventPublisher, Outgoing
from services.chassis.settings import ServiceSettings
from services.chassis.wire import engine_wire
from services.generation.providers.base import Accepted, GeneratedImage, ImageJob
from services.generation.providers.errors import Outage, Refused
from tests.fakes.clock import FakeClock
from tests.fakes.crashing import Fuse
from tests.fakes.documents import FakeDocuments
from tests.fakes.frames import scenery
from tests.fakes.object_store import FakeObjectStore


@dataclass(frozen=True)
class Record:
    """What aiokafka's `ConsumerRecord` shows of a message; every topic has one partition."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int = 0

    @property
    def event_id(self) -> str:
        """The id that its headers tell; "" where they tell none."""
        return from_headers(self.headers).id or ""


@dataclass
class Books:
    """What a vendor knows: each call that he billed, by generation, and the jobs that he has accepted."""

    bills: list[str] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    """Generations of a shot in the order in which they were first asked for."""

    def copy(self) -> "Books":
        return Books(list(self.bills), dict(self.jobs), {shot: list(ids) for shot, ids in self.asked.items()})

    def take_of(self, job: ImageJob) -> int:
        """The how-manieth image of its shot a generation is, from 1; the same for a repeat."""
        ids = self.asked.setdefault(job.run.shot.shot_id, [])
        if job.generation_id not in ids:
            ids.append(job.generation_id)
        return ids.index(job.generation_id) + 1


@dataclass
class World:
    """The durable side of an engine. `copy` it to go two ways from one moment."""

    documents: FakeDocuments = field(default_factory=FakeDocuments)
    objects: FakeObjectStore = field(default_factory=FakeObjectStore)
    log: defaultdict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    committed: dict[tuple[str, str], int] = field(default_factory=dict)
    """By consumer group and topic."""
    books: Books = field(default_factory=Books)
    clock: FakeClock = field(default_factory=FakeClock)

    def copy(self) -> "World":
        log: defaultdict[str, list[Record]] = defaultdict(list)
        log.update({topic: list(records) for topic, records in self.log.items()})
        return World(
            self.documents.copy(),
            self.objects.copy(),
            log,
            dict(self.committed),
            self.books.copy(),
            self.clock.copy(),
        )

    def append(self, topic: str, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> None:
        """What the broker does with a record."""
        at_ms = int(self.clock.now().timestamp() * 1000)
        records = self.log[topic]
        records.append(Record(topic, len(records), at_ms, key, value, tuple(headers)))

    def publish(self, *events: Event) -> None:
        """As somebody outside does."""
        for event in events:
            headers = to_headers(event, source="test", time=self.clock.now())
            self.append(topic_of(event), event.partition_key().encode(), event.model_dump_json().encode(), headers)

    def waiting(self, group: str, topic: str) -> list[Record]:
        """What a group has not committed of a topic."""
        return self.log[topic][self.committed.get((group, topic), 0) :]


class LoggedPublisher(EventPublisher):
    """The chassis' publisher onto the world's topics: every acknowledged record is a durable step."""

    def __init__(self, world: World, fuse: Fuse, settings: ServiceSettings, source: str) -> None:
        super().__init__(settings, source, wire=engine_wire(), clock=world.clock)
        self._world = world
        self._fuse = fuse

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        return

    async def _send(self, item: Outgoing) -> "asyncio.Future[object]":
        with self._fuse.step(f"publish {item.topic}"):
            self._world.append(item.topic, item.key, item.value, item.headers)
        sent: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent


class LoggedConsumer:
    """What the chassis' stages ask of aiokafka, on the world's topics: every commit is a durable step.

    Args:
        world: where the topics are.
        fuse: of the process.
        group: of the service.
        ends: the offset of each topic before which this process reads.
    """

    def __init__(self, world: World, fuse: Fuse, group: str, ends: Mapping[str, int]) -> None:
        self._world = world
        self._fuse = fuse
        self._group = group
        self._ends = dict(ends)
        self._position = {topic: world.committed.get((group, topic), 0) for topic in ends}

    @property
    def exhausted(self) -> bool:
        """Whether all that may be seen was handed out."""
        return all(self._position[topic] >= min(end, len(self._world.log[topic])) for topic, end in self._ends.items())

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(topic, 0) for topic in self._ends}

    def highwater(self, partition: TopicPartition) -> int:
        return len(self._world.log[partition.topic])

    async def getmany(
        self,
        *partitions: TopicPartition,
        timeout_ms: int = 0,
        max_records: int | None = None,
    ) -> dict[TopicPartition, list[Record]]:
        """What waits; where nothing does, time goes by meanwhile, on the world's clock as on the loop's."""
        await asyncio.sleep(0)
        self._fuse.check()
        found = self._taken(partitions, max_records)
        if timeout_ms and not found:
            await asyncio.sleep(timeout_ms / 1000)
            self._world.clock.advance(timeout_ms / 1000)
            self._fuse.check()
        return found

    def _taken(
        self, partitions: Iterable[TopicPartition], max_records: int | None
    ) -> dict[TopicPartition, list[Record]]:
        found: dict[TopicPartition, list[Record]] = {}
        for part in partitions or sorted(self.assignment()):
            if part == NOWHERE:
                continue
            start, end = self._position[part.topic], self._ends[part.topic]
            records = self._world.log[part.topic][start:end][:max_records]
            if records:
                self._position[part.topic] = start + len(records)
                found[part] = records
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        if all(self._world.committed.get((self._group, part.topic), 0) == offset for part, offset in offsets.items()):
            # The concurrent stage commits by the clock, also where nothing is done yet.
            self._fuse.check()
            return
        with self._fuse.step("commit"):
            for part, offset in offsets.items():
                self._world.committed[self._group, part.topic] = offset


class Vendor:
    """An image vendor who keeps books, and bills every call that reaches him.

    A shot whose id starts with `refused` is refused; the first image of one whose id starts with `blank` is blank.

    Args:
        world: where his books are.
        fuse: of the process that calls him.
        free: he bills nothing (the books still count the calls).
        polled: he answers with a job, which is asked for later.
        down_once: the first look at his health in a process finds him away.
    """

    name = "previz"
    models = ("previz",)
    slots = 4

    def __init__(
        self, world: World, fuse: Fuse, *, free: bool = True, polled: bool = False, down_once: bool = False
    ) -> None:
        self.free = free
        self._world = world
        self._fuse = fuse
        self._polled = polled
        self._down = down_once

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        if self._down:
            self._down = False
            raise Outage("away")

    async def generate(self, job: ImageJob, accepted: Accepted) -> GeneratedImage:
        with self._fuse.step("vendor call"):
            books = self._world.books
            books.bills.append(job.generation_id)
            books.take_of(job)
            job_id = f"job-{len(books.bills)}"
            books.jobs[job_id] = job.generation_id
        if job.run.shot.shot_id.startswith("refused"):
            raise Refused("not this one")
        if not self._polled:
            return self._image(job, None)
        await accepted(job_id)
        return await self.resume(job, job_id)

    async def resume(self, job: ImageJob, vendor_job_id: str) -> GeneratedImage:
        with self._fuse.step("vendor poll"):
            assert self._world.books.jobs[vendor_job_id] == job.generation_id
        return self._image(job, vendor_job_id)

    def _image(self, job: ImageJob, vendor_job_id: str | None) -> GeneratedImage:
        blank = job.run.shot.shot_id.startswith("blank") and self._world.books.take_of(job) == 1
        cost = 0 if self.free else 40_000
        return GeneratedImage(
            drawing(job.generation_id, job.width, job.height, blank=blank),
            seed_used=job.seed,
            cost_usd_micros=cost,
            vendor_job_id=vendor_job_id,
        )


def drawing(name: str, width: int, height: int, *, blank: bool = False) -> bytes:
    """A picture, another for every name."""
    seed = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    out = io.BytesIO()
    image = Image.new("RGB", (width, height)) if blank else Image.fromarray(scenery(width, height, seed))
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


class InlineOffload:
    """A thread pool without threads."""

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def ping(self) -> None:
        return

    async def run(self, work: Any) -> Any:
        return work()
