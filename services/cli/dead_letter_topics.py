"""Dead-letter topics, read twice in bounded memory: first what is handled, then the letters, one at a time."""

import asyncio
from collections.abc import AsyncIterator, Collection, Container, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import DEAD_LETTER_SUFFIX
from services.chassis.settings import ServiceSettings
from services.cli.broker_reading import TIMEOUT_S, fetches, reading
from services.cli.dead_letters import Handled, Letter, Marker, read
from services.cli.exits import CliError, Exit
from services.cli.topic_spans import partitions_of, spans_of


@dataclass(frozen=True, slots=True)
class Box:
    """The dead letters of one topic, as far as they reached when it was opened.

    Attributes:
        topic: name of the original topic, without the environment's prefix.
        first: offset of the oldest record.
        end: offset after the newest record.
    """

    topic: str
    part: TopicPartition
    first: int
    end: int


class DeadLetterTopics:
    """A reader of dead-letter topics; from `opened`."""

    def __init__(self, settings: ServiceSettings, consumer: AIOKafkaConsumer) -> None:
        self._settings = settings
        self._consumer = consumer

    async def boxes(self, names: Iterable[str]) -> list[Box]:
        """The boxes of the topics named, in that order; a topic whose dead-letter topic doesn't exist has none.

        Raises:
            CliError: a dead-letter topic has several partitions, so that an offset names no one record.
        """
        wanted = {self._settings.kafka_topic_prefix + name + DEAD_LETTER_SUFFIX: name for name in names}
        async with asyncio.timeout(TIMEOUT_S):
            parts = await partitions_of(self._settings, wanted)
            self._one_each(parts)
            spans = await spans_of(self._consumer, parts)
        found = {part.topic: Box(wanted[part.topic], part, *span) for part, span in spans.items()}
        return [found[name] for name in wanted if name in found]

    async def handled(self, box: Box, first: int = 0, asked: Container[int] = ()) -> Handled:
        """Which letters from `first` on are handled, and which of those `asked` for are there."""
        found = Handled(asked)
        async for record in self._records(box, first):
            found.add(record)
        return found

    async def letters(self, box: Box, handled: Handled, first: int = 0) -> AsyncIterator[Letter]:
        """The open letters from `first` on, in the order in which they failed."""
        async for record in self._records(box, first):
            if isinstance(record, Letter) and record.offset not in handled.markers:
                yield record

    async def letter(self, box: Box, offset: int) -> Letter | None:
        """The letter at an offset, handled or not."""
        async for record in self._records(box, offset):
            return record if isinstance(record, Letter) and record.offset == offset else None
        return None

    async def open_count(self, box: Box) -> int:
        """How many letters are open."""
        handled = await self.handled(box)
        return len([letter.offset async for letter in self.letters(box, handled)])

    async def _records(self, box: Box, first: int) -> AsyncIterator[Letter | Marker]:
        start = max(first, box.first)
        if start >= box.end:
            return
        self._consumer.assign([box.part])
        self._consumer.seek(box.part, start)
        async for fetched in fetches(self._consumer, [box.part]):
            for record in fetched.get(box.part, ()):
                if record.offset >= box.end:
                    return
                yield read(record)
            if await self._consumer.position(box.part) >= box.end:
                return

    def _one_each(self, parts: Collection[TopicPartition]) -> None:
        several = sorted({part.topic for part in parts if part.partition > 0})
        if several:
            raise CliError(
                f"{', '.join(several)}: several partitions; allowed is one, as `ice topics --create` makes them",
                code=Exit.INVALID,
            )


@asynccontextmanager
async def opened(settings: ServiceSettings) -> AsyncIterator[DeadLetterTopics]:
    """A reader, connected while the block runs.

    Raises:
        CliError: no broker answers, or it stopped answering inside the block.
    """
    async with reading(settings) as consumer:
        yield DeadLetterTopics(settings, consumer)
