"""Reads every topic past the proxy: when is the film done, and what can be delivered again?"""

import asyncio
import json
import random
from collections import defaultdict
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from tests.chaos.evidence import partitions_of

Frame = tuple[str, str]
"""Shot id and role."""

_ENDINGS: Final = ("keyframe.ready.v1", "keyframe.failed.v1")
_REJECTED: Final = "shot.rejected.v1"
_FAILED: Final = "generation.failed.v1"
_CHATTER: Final = frozenset({"provider.health.v1"})
_TRIES: Final = 20


class Observer:
    """Holds every record of a run.

    Args:
        bootstrap: the brokers themselves.
        doubt_is_an_end: a frame whose call is in doubt is accounted for; else somebody decides what becomes of it.
    """

    def __init__(self, bootstrap: str, *, doubt_is_an_end: bool = True) -> None:
        self._bootstrap = bootstrap
        self._doubt_is_an_end = doubt_is_an_end
        self.doubts: dict[str, dict[str, Any]] = {}
        self.records: defaultdict[str, list[ConsumerRecord]] = defaultdict(list)
        self.settled: set[Frame] = set()
        self.rejected: set[str] = set()
        self.last_news = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Read in the background."""
        self._task = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def open_frames(self, planned: tuple[Frame, ...]) -> list[Frame]:
        """Planned frames of which nothing final was heard."""
        return [frame for frame in planned if frame not in self.settled and frame[0] not in self.rejected]

    async def deliver_again(self, topic: str, count: int, rng: random.Random) -> int:
        """Publish a sample of a topic's records verbatim, in another order; how many."""
        known = self.records[topic]
        sample = rng.sample(known, min(count, len(known)))
        for _ in range(_TRIES):
            try:
                await self._publish(sample)
            except KafkaError:
                await asyncio.sleep(1.0)
            else:
                return len(sample)
        return 0

    async def _publish(self, sample: list[ConsumerRecord]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all", max_request_size=8 * 1024 * 1024)
        try:
            await producer.start()
            for record in sample:
                await producer.send_and_wait(record.topic, record.value, record.key, headers=list(record.headers))
        finally:
            await producer.stop()

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
        )
        partitions = await partitions_of(self._bootstrap)
        await consumer.start()
        try:
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            while True:
                try:
                    got = await consumer.getmany(timeout_ms=200)
                except KafkaError:
                    await asyncio.sleep(0.5)
                    continue
                for records in got.values():
                    self._note(records)
        finally:
            await consumer.stop()

    def _note(self, records: list[ConsumerRecord]) -> None:
        for record in records:
            if record.topic not in _CHATTER:
                self.last_news = asyncio.get_running_loop().time()
            self.records[record.topic].append(record)
            if record.value is None:
                continue
            if record.topic in _ENDINGS:
                body = json.loads(record.value)
                self.settled.add((body["shot"]["shot_id"], body["frame_role"]))
            elif record.topic == _REJECTED:
                self.rejected.add(json.loads(record.value)["shot_id"])
            elif record.topic == _FAILED:
                self._note_doubt(json.loads(record.value))

    def _note_doubt(self, body: dict[str, Any]) -> None:
        if body["kind"] != "in-doubt":
            return
        self.doubts[body["generation_id"]] = body
        if self._doubt_is_an_end:
            self.settled.add((body["run"]["shot"]["shot_id"], body["run"]["frame_role"]))
