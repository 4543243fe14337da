"""`ice topics`: what each topic carries, who writes and reads it, and how much is in it."""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from rich.table import Table
from rich.text import Text

from schemas import topics
from services.chassis.broker_security import client_arguments
from services.chassis.failures import Transient
from services.chassis.object_store import S3ObjectStore
from services.chassis.provision import provision
from services.chassis.settings import ServiceSettings
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.settings import CliSettings, broker_settings, read_settings, running_stack

_TIMEOUT_S: Final = 8.0
_FETCHES: Final = 10
_FETCH_MS: Final = 200
_PROVIDERS: Final = ("previz",)


async def list_topics(output: Output, folder: Path | None) -> Exit:
    """Every topic of the contract; with the number of its records where the broker answers."""
    stack = running_stack(folder)
    specs = topics.specs(stack.providers if stack else _PROVIDERS)
    settings = broker_settings(folder)
    counted = await _counts(settings, [name for spec in specs for name in (spec.name, spec.dead_letter)])
    rows = [_row(spec, counted) for spec in specs]
    value = {"kafka_bootstrap": settings.kafka_bootstrap, "reachable": counted is not None, "topics": rows}
    output.result(value, lambda: _table(rows))
    if counted is None:
        output.note(f"no broker answers at {settings.kafka_bootstrap}: records are not counted")
    return Exit.OK


async def create_topics(output: Output, folder: Path | None) -> Exit:
    """Make the topics, dead-letter topics and the bucket that are missing: a deployment's first step."""
    settings, providers = broker_settings(folder), read_settings(CliSettings).providers
    store = S3ObjectStore(settings)
    await store.start()
    try:
        made = await provision(settings, topics.specs(providers))
        await store.ensure_bucket()
    except Transient as error:
        raise CliError(str(error), code=Exit.UNREACHABLE) from error
    finally:
        await store.stop()
    value = {"created": list(made.created), "existing": list(made.existing), "bucket": settings.s3_bucket}
    line = f"{len(made.created)} topics made, {len(made.existing)} were there; bucket {settings.s3_bucket} is there"
    output.result(value, lambda: line)
    return Exit.OK


async def _counts(settings: ServiceSettings, names: list[str]) -> dict[str, int] | None:
    """Records ever written per topic, minus those deleted since; None without a broker."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    wanted = {settings.kafka_topic_prefix + name: name for name in names}
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            parts = await _partitions(settings, wanted)
            consumer = AIOKafkaConsumer(**client_arguments(settings), enable_auto_commit=False)
            try:
                await consumer.start()
                spans = await _spans(consumer, parts)
            finally:
                await consumer.stop()
    except (TimeoutError, KafkaError):
        return None
    found = {wanted[part.topic]: 0 for part in parts}
    for part, (first, last) in spans.items():
        found[wanted[part.topic]] += last - first
    return found


async def _partitions(settings: ServiceSettings, wanted: Collection[str]) -> set[TopicPartition]:
    """The partitions of those topics that exist."""
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    try:
        await admin.start()
        known = sorted(set(await admin.list_topics()).intersection(wanted))
        told = await admin.describe_topics(known) if known else []
    finally:
        await admin.close()
    return {TopicPartition(item["topic"], part["partition"]) for item in told for part in item["partitions"]}


async def _spans(consumer: AIOKafkaConsumer, parts: set[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """First offset and the one after the last, per partition.

    Tansu tells the first offset of the newest batch where Kafka tells the end. What comes with a fetch from there is
    right on both.
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


def _row(spec: topics.TopicSpec, counted: dict[str, int] | None) -> dict[str, Any]:
    return {
        "topic": spec.name,
        "event": spec.event_type,
        "key": spec.key,
        "partitions": spec.partitions,
        "retention_ms": spec.retention_ms,
        "compacted": spec.compacted,
        "reserved": spec.reserved,
        "producers": list(spec.producers),
        "consumers": list(spec.consumers),
        "records": None if counted is None else counted.get(spec.name),
        "dead_letters": None if counted is None else counted.get(spec.dead_letter),
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("topic", "records", "dead", "kept", "from", "to"):
        table.add_column(name, justify="right" if name in {"records", "dead"} else "left", overflow="fold")
    for row in rows:
        dead = row["dead_letters"]
        table.add_row(
            row["topic"],
            _number(row["records"]),
            Text(_number(dead), style="bold red" if dead else ""),
            _kept(row),
            _names(row["producers"]) or "reserved",
            _names(row["consumers"]),
            style="grey50" if row["reserved"] else "",
        )
    return table


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _kept(row: dict[str, Any]) -> str:
    if row["compacted"]:
        return "newest per key"
    days = row["retention_ms"] // topics.DAY_MS
    return "for ever" if row["retention_ms"] == topics.FOR_EVER else f"{days} days"


def _names(parties: list[str]) -> str:
    return ", ".join(name.removeprefix("external:") for name in parties)
