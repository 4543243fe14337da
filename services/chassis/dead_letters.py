"""The dead-letter topic: original bytes, key and headers, and our headers that say why, where and how often.

Header names and meanings (all values UTF-8):

    x-original-topic, x-original-partition, x-original-offset   where the record stood
    x-consumer-group    whose consumer gave up
    x-attempt           tries of the handler; 0 = it was never readable
    x-error-class       class of the error
    x-error-message     its text, at most 2,000 characters
    x-stage             where it failed: decode, handle, publish
    x-failed-at         when, RFC 3339 in UTC

An original that an operator has published again bears `x-retried-at`. Should it fail again, that is no news: it doesn't
count towards the row of dead letters that halts a consumer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, Literal

from schemas.topics import DEAD_LETTER_SUFFIX
from services.chassis.publishing import Outgoing
from services.chassis.reading import RawRecord

Stage = Literal["decode", "handle", "publish"]
_MESSAGE_LIMIT: Final = 2_000

ORIGINAL_TOPIC: Final = "x-original-topic"
ORIGINAL_PARTITION: Final = "x-original-partition"
ORIGINAL_OFFSET: Final = "x-original-offset"
CONSUMER_GROUP: Final = "x-consumer-group"
ATTEMPT: Final = "x-attempt"
ERROR_CLASS: Final = "x-error-class"
ERROR_MESSAGE: Final = "x-error-message"
STAGE: Final = "x-stage"
FAILED_AT: Final = "x-failed-at"
RETRIED_AT: Final = "x-retried-at"

#: What `dead_letter` adds. A redrive takes them off again and so gets the original.
OURS: Final = frozenset(
    {
        ORIGINAL_TOPIC,
        ORIGINAL_PARTITION,
        ORIGINAL_OFFSET,
        CONSUMER_GROUP,
        ATTEMPT,
        ERROR_CLASS,
        ERROR_MESSAGE,
        STAGE,
        FAILED_AT,
        RETRIED_AT,
    }
)


def was_retried(record: RawRecord) -> bool:
    """Whether a record is a dead letter's original that was published again by hand."""
    return any(name == RETRIED_AT for name, _ in record.headers)


def dead_letter(  # noqa: PLR0913 - each becomes a header
    record: RawRecord,
    error: BaseException,
    *,
    stage: Stage,
    group: str,
    attempts: int,
    now: datetime,
) -> Outgoing:
    """The dead letter of a record. A header of ours on the record itself (a redriven letter) is replaced."""
    message = str(error) or repr(error)
    told = {
        ORIGINAL_TOPIC: record.topic,
        ORIGINAL_PARTITION: str(record.partition),
        ORIGINAL_OFFSET: str(record.offset),
        CONSUMER_GROUP: group,
        ATTEMPT: str(attempts),
        ERROR_CLASS: type(error).__name__,
        ERROR_MESSAGE: message[:_MESSAGE_LIMIT],
        STAGE: stage,
        FAILED_AT: now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    original = tuple((name, value) for name, value in record.headers if name not in OURS)
    # A lone surrogate in an error's text would otherwise keep the letter from being written at all.
    added = tuple((name, value.encode("utf-8", "backslashreplace")) for name, value in told.items())
    return Outgoing(
        topic=record.topic + DEAD_LETTER_SUFFIX,
        key=record.key,
        value=record.value,
        headers=(*original, *added),
    )


class DeadLetterBudget:
    """Counts dead letters in a row: so many without one success between them mean that the fault is ours."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_a_row = 0
        self._pending = 0
        self._queue = asyncio.Lock()
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Room for one more letter that is on its way: many at once, but never more than the budget has left.

        Without it, a storm of bad records would have written hundreds of letters before the first was counted.
        """
        async with self._queue:
            while self._pending and self._in_a_row + self._pending >= self._limit:
                self._ended.clear()
                await self._ended.wait()
            self._pending += 1
        try:
            yield
        finally:
            self._pending -= 1
            self._ended.set()

    def succeeded(self) -> None:
        """A message was handled: the row is broken."""
        self._in_a_row = 0

    def failed(self) -> bool:
        """A message was dead-lettered; True when the budget is used up."""
        self._in_a_row += 1
        return self._in_a_row >= self._limit
