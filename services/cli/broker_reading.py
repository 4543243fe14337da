"""Reading topics without a group: the connected consumer, and what its fetches bring in bounded memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.broker_security import client_arguments
from services.chassis.settings import ServiceSettings
from services.cli.exits import CliError, Exit

#: Longest wait for one answer of the broker, in seconds.
TIMEOUT_S: Final = 8.0
START_A_BROKER: Final = "start one with `ice up`, or give its address in ICE_KAFKA_BOOTSTRAP"

_FETCH_MS: Final = 500
_SILENT_FETCHES: Final = 20
_BATCH: Final = 200


@asynccontextmanager
async def reading(settings: ServiceSettings, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:  # noqa: ANN401 - aiokafka's
    """A consumer, connected while the block runs. It has no group, so it joins and commits nothing.

    Args:
        settings: of the broker.
        options: further arguments of the consumer.

    Raises:
        CliError: no broker answers, or it stopped answering inside the block.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    consumer = AIOKafkaConsumer(**client_arguments(settings), enable_auto_commit=False, **options)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await consumer.start()
        # aiokafka's stop() ends in CancelledError when its tasks were never given a turn.
        await asyncio.sleep(0)
        yield consumer
    except (TimeoutError, KafkaError) as error:
        raise CliError(
            f"no broker answers at {settings.kafka_bootstrap} ({error!r})", code=Exit.UNREACHABLE, mend=START_A_BROKER
        ) from error
    finally:
        await consumer.stop()


async def fetches(
    consumer: AIOKafkaConsumer, parts: Collection[TopicPartition]
) -> AsyncIterator[Mapping[TopicPartition, Sequence[ConsumerRecord]]]:
    """What each fetch brings, at most 200 records, as long as there are `parts`; whoever reads takes away what is done.

    Raises:
        TimeoutError: the broker brought nothing for ten seconds.
    """
    silent = 0
    while parts:
        fetched = await consumer.getmany(*parts, timeout_ms=_FETCH_MS, max_records=_BATCH)
        silent = 0 if fetched else silent + 1
        if silent >= _SILENT_FETCHES:
            raise TimeoutError
        yield fetched
