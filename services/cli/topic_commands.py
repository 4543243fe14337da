"""`ice topics`: what each topic carries, who writes and reads it, and how much is in it."""

import asyncio
import logging
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
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
from services.cli.counting import counted
from services.cli.dead_letter_topics import opened
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.settings import CliSettings, broker_settings, read_settings, running_stack
from services.cli.topic_spans import partitions_of, spans_of

#: Seconds until a broker counts as away, and for counting on one that answers: it may have thousands of topics.
_ANSWER_S: Final = 8.0
_COUNT_S: Final = 60.0


async def list_topics(output: Output, folder: Path | None) -> Exit:
    """Every topic of the contract; with the number of its records where the broker answers."""
    stack = running_stack(folder)
    specs = topics.specs(stack.providers if stack else read_settings(CliSettings).providers)
    settings = broker_settings(folder)
    counted = await _counts(settings, [name for spec in specs for name in (spec.name, spec.dead_letter)])
    if counted is not None:
        names = [spec.name for spec in specs if counted.get(spec.dead_letter)]
        counted |= await _open_letters(output, settings, names)
    rows = [_row(spec, counted) for spec in specs]
    value = {"kafka_bootstrap": settings.kafka_bootstrap, "reachable": counted is not None, "topics": rows}
    output.result(value, lambda: _table(rows))
    if counted is None:
        output.note(f"no broker answers at {settings.kafka_bootstrap} in time: records are not counted")
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
    topics_made = f"{counted(len(made.created), 'topic')} made, {len(made.existing)} there before"
    line = f"{topics_made}; bucket {settings.s3_bucket} is there"
    output.result(value, lambda: line)
    return Exit.OK


async def _counts(settings: ServiceSettings, names: list[str]) -> dict[str, int] | None:
    """Records ever written per topic, minus those deleted since; None without a broker."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    wanted = {settings.kafka_topic_prefix + name: name for name in names}
    if not await _answers(settings):
        return None
    try:
        async with asyncio.timeout(_COUNT_S):
            parts = await partitions_of(settings, wanted)
            consumer = AIOKafkaConsumer(**client_arguments(settings), enable_auto_commit=False)
            try:
                await consumer.start()
                spans = await spans_of(consumer, parts)
            finally:
                await consumer.stop()
    except (TimeoutError, KafkaError):
        return None
    found = {wanted[part.topic]: 0 for part in parts}
    for part, (first, last) in spans.items():
        found[wanted[part.topic]] += last - first
    return found


async def _answers(settings: ServiceSettings) -> bool:
    admin = AIOKafkaAdminClient(**client_arguments(settings))
    try:
        async with asyncio.timeout(_ANSWER_S):
            await admin.start()
    except (TimeoutError, KafkaError):
        return False
    finally:
        await admin.close()
    return True


async def _open_letters(output: Output, settings: ServiceSettings, names: list[str]) -> dict[str, int]:
    """Dead letters that nobody has handled, by dead-letter topic. Those topics hold markers, too, so they are read."""
    if not names:
        return {}
    try:
        async with opened(settings) as reader:
            boxes = await reader.boxes(names)
            return {box.topic + topics.DEAD_LETTER_SUFFIX: await reader.open_count(box) for box in boxes}
    except CliError as error:
        output.note(f"dead letters include handled ones and their markers: {error}")
        return {}


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
