"""Topics read without a group: what they hold, where a time stands in them, and their records in bounded memory."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.chassis.reading import RawRecord
from services.chassis.settings import ServiceSettings
from services.cli.broker_reading import TIMEOUT_S, fetches, reading
from services.cli.exits import CliError, Exit
from services.cli.replay.bounds import Span, Times
from services.cli.topic_spans import partitions_of, spans_of

Spans = dict[int, Span]

# What is prefetched counts once per partition: 16 of them hold no more than this times 16.
_FETCH_BYTES: Final = 512 * 1024


class TopicRecords:
    """A reader of topics by their contract names; from `opened`."""

    def __init__(self, settings: ServiceSettings, consumer: AIOKafkaConsumer) -> None:
        self._settings = settings
        self._consumer: Any = consumer

    async def spans(self, topic: str) -> Spans:
        """What a topic holds now.

        Raises:
            CliError: the broker has no such topic.
        """
        name = self._name(topic)
        async with asyncio.timeout(TIMEOUT_S):
            parts = await partitions_of(self._settings, {name})
            found = await spans_of(self._consumer, parts)
        if not found:
            raise CliError(
                f"topic {name!r}: the broker has no such topic",
                code=Exit.INVALID,
                mend="make it with `ice topics --create`",
            )
        return {part.partition: Span(*span) for part, span in sorted(found.items())}

    async def offsets_at(self, topic: str, instant_ms: int | None, parts: Sequence[int]) -> Times:
        """Offset of the first record at or after a time, by partition; None where there is none."""
        if instant_ms is None:
            return {}
        wanted = {TopicPartition(self._name(topic), part): instant_ms for part in parts}
        async with asyncio.timeout(TIMEOUT_S):
            told = await self._consumer.offsets_for_times(wanted)
        return {part.partition: None if found is None else found.offset for part, found in told.items()}

    async def batches(self, topic: str, spans: Mapping[int, Span]) -> AsyncIterator[Sequence[RawRecord]]:
        """The records of these spans, at most 200 at a time; those of one partition in order."""
        ends = {TopicPartition(self._name(topic), part): span.end for part, span in spans.items() if span[0] < span[1]}
        if not ends:
            return
        self._consumer.assign(list(ends))
        for part in ends:
            self._consumer.seek(part, spans[part.partition].first)
        async for fetched in fetches(self._consumer, ends):
            within = [record for part, records in fetched.items() for record in records if record.offset < ends[part]]
            if within:
                yield within
            await self._leave_finished(ends)

    async def _leave_finished(self, ends: dict[TopicPartition, int]) -> None:
        """Ask no more of partitions that were read to their end: others write on, we among them."""
        for part in list(ends):
            if await self._consumer.position(part) >= ends[part]:
                self._consumer.pause(part)
                del ends[part]

    def _name(self, topic: str) -> str:
        return self._settings.kafka_topic_prefix + topic


@asynccontextmanager
async def opened(settings: ServiceSettings) -> AsyncIterator[TopicRecords]:
    """A reader, connected while the block runs. It has no group, so it joins and commits nothing.

    Raises:
        CliError: no broker answers, or it stopped answering inside the block.
    """
    async with reading(
        settings,
        max_partition_fetch_bytes=_FETCH_BYTES,
        # What retention takes away while we read is gone; what is left is still to be read.
        auto_offset_reset="earliest",
    ) as consumer:
        yield TopicRecords(settings, consumer)
