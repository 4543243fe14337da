"""The fixtures give servers that really speak their protocols."""

import io

import aiokafka
import pymongo
import pytest

from tests.fixtures.broker import Broker
from tests.fixtures.object_store import S3Endpoint

pytestmark = pytest.mark.integration


async def test_a_record_goes_through_the_broker(broker: Broker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}fixture"
    producer = aiokafka.AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=broker.idempotent
    )
    await producer.start()
    try:
        sent = await producer.send_and_wait(topic, b"value", key=b"key", headers=[("h", b"1")])
    finally:
        await producer.stop()
    consumer = aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap, group_id=f"{topic_prefix}group", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        got = await consumer.getone()
    finally:
        await consumer.stop()
    assert (got.key, got.value, got.offset, got.headers) == (b"key", b"value", sent.offset, (("h", b"1"),))


def test_a_document_goes_through_the_database(mongo_url: str, mongo_database: str) -> None:
    with pymongo.MongoClient[dict[str, object]](mongo_url) as client:
        collection = client[mongo_database]["things"]
        collection.insert_one({"_id": "a", "n": 1})
        assert collection.find_one({"_id": "a"}) == {"_id": "a", "n": 1}


def test_an_object_goes_through_the_object_store(s3_endpoint: S3Endpoint) -> None:
    client = s3_endpoint.client()
    client.put_object(s3_endpoint.bucket, "fixture/a", io.BytesIO(b"bytes"), 5)
    reply = client.get_object(s3_endpoint.bucket, "fixture/a")
    try:
        assert reply.read() == b"bytes"
    finally:
        reply.close()
        reply.release_conn()
