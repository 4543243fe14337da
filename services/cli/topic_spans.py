"""What topics hold, by partition: first offset and the one after the last."""

from collections.abc import Collection
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from services.chassis.broker_security import client_arguments
from services.chassis.settings import ServiceSettings

_FETCHES: Final = 10
_FETCH_MS: Final = 200


async def partitions_of(settings: ServiceSettings, wanted: Collection[str]) -> set[TopicPartition]:
    """The partitions of those topics that exist; names are full, prefix included.

    Raises:
        KafkaError: no broker answers.
    """
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    try:
        await admin.start()
        known = sorted(set(await admin.list_topics()).intersection(wanted))
        told = await admin.describe_topics(known) if known else []
    finally:
        await admin.close()
    return {TopicPartition(item["topic"], part["partition"]) for item in told for part in item["partitions"]}


async def spans_of(consumer: AIOKafkaConsumer, parts: set[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """First offset and the one after the last, per partition; the consumer is assigned to them.

    Tansu tells the first offset of the newest batch where Kafka tells the end. What comes with a fetch from there is
    right on both.

    Raises:
        KafkaError: no broker answers.
    """
    first = await consumer.beginning_offsets(parts)
    told = await consumer.end_offsets(parts)
    if not parts:
        return {}
    consumer.assign(parts)
    for part in parts:
        consumer.seek(part, told[part])
    for _ in range(_FETCHES):
        await consumer.getmany(timeout_ms=_FETCH_MS)
        if all(consumer.highwater(part) is not None for part in parts):
            break
    return {part: (first[part], max(told[part], consumer.highwater(part) or 0)) for part in parts}
