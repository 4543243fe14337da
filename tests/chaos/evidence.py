"""What a run left behind, read with plain clients: JSON and bytes, no model and no code of the engine."""

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from minio import Minio
from minio.error import MinioException
from pymongo.errors import PyMongoError
from urllib3.exceptions import HTTPError

log = logging.getLogger(__name__)
Doc = dict[str, Any]

_TRIES = 6
_TRY_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic."""

    topic: str
    event_id: str
    body: Doc


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of the bucket: its bytes' hash and length."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the verdict rests on.

    Attributes:
        records: by topic, dead-letter topics included.
        ledger: the workers' ledger.
        assets: the records of images.
        bucket: its name.
        objects: by key.
        bill: what the vendor charged for, a line each.
    """

    records: dict[str, list[Record]] = field(default_factory=dict)
    ledger: list[Doc] = field(default_factory=list)
    assets: list[Doc] = field(default_factory=list)
    bucket: str = "ice"
    objects: dict[str, StoredObject] = field(default_factory=dict)
    bill: list[Doc] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Places:
    """Where to read."""

    bootstrap: str
    mongo_url: str
    database: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    bucket: str
    bill: Path


async def gather(places: Places) -> Evidence:
    """Read all of it; the services have stopped. A server that was restarted by the last fault gets time to answer."""
    for left in reversed(range(_TRIES)):
        try:
            return await _gathered(places)
        except (KafkaError, PyMongoError, MinioException, HTTPError, OSError) as error:
            if not left:
                raise
            log.warning("the evidence can't be read yet: %r", error)
            await asyncio.sleep(_TRY_AGAIN_S)
    raise AssertionError("no try was left, and none has raised")


async def _gathered(places: Places) -> Evidence:
    records = await _topics(places.bootstrap)
    ledger, assets = await asyncio.to_thread(_database, places)
    objects = await asyncio.to_thread(_bucket, places)
    bill = [json.loads(line) for line in places.bill.read_text().splitlines()] if places.bill.exists() else []
    return Evidence(records, ledger, assets, places.bucket, objects, bill)


async def partitions_of(bootstrap: str) -> list[TopicPartition]:
    """Every partition of every topic, the broker's own left out."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        names = sorted(name for name in await admin.list_topics() if not name.startswith("__"))
        described = await admin.describe_topics(names)
    finally:
        await admin.close()
    return [TopicPartition(item["topic"], part["partition"]) for item in described for part in item["partitions"]]


async def _topics(bootstrap: str) -> dict[str, list[Record]]:
    partitions = await partitions_of(bootstrap)
    found: dict[str, list[Record]] = {part.topic: [] for part in partitions}
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while any([await consumer.position(part) < ends[part] for part in partitions]):
            for part, records in (await consumer.getmany(timeout_ms=500)).items():
                found[part.topic] += [_record(record) for record in records]
    finally:
        await consumer.stop()
    return found


def _record(record: Any) -> Record:  # aiokafka has no types
    headers = {key: value.decode(errors="replace") for key, value in record.headers}
    try:
        body = json.loads(record.value or b"null")
    except ValueError:
        body = {"unreadable": repr(record.value[:200])}
    return Record(record.topic, headers.get("ce_id", ""), body if isinstance(body, dict) else {"value": body})


def _database(places: Places) -> tuple[list[Doc], list[Doc]]:
    with pymongo.MongoClient[Doc](places.mongo_url, serverSelectionTimeoutMS=10_000) as client:
        base = client[places.database]
        return list(base["ledger"].find()), list(base["assets"].find())


def _bucket(places: Places) -> dict[str, StoredObject]:
    client = Minio(places.s3_endpoint, access_key=places.s3_access_key, secret_key=places.s3_secret_key, secure=False)
    found = {}
    for item in client.list_objects(places.bucket, recursive=True):
        answer = client.get_object(places.bucket, item.object_name)
        try:
            data = answer.read()
        finally:
            answer.close()
            answer.release_conn()
        found[str(item.object_name)] = StoredObject(hashlib.sha256(data).hexdigest(), len(data))
    return found
