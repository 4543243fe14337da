"""Whether a server answers in its own protocol. An open port alone does not tell that a server can work."""

import asyncio

import aiokafka.admin
import aiokafka.errors
import pymongo
import pymongo.errors
import urllib3
from minio import Minio
from minio.error import MinioException

from services.local_stack.servers.ports import LOOPBACK


async def port_open(port: int) -> bool:
    """Whether something listens. Asked first, since the Kafka client logs each refused connection as an error."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


async def kafka_answers(bootstrap: str, timeout_s: float = 2.0) -> bool:
    """Whether a broker at `host:port` answers a metadata request."""
    client = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(timeout_s * 1000))
    try:
        async with asyncio.timeout(timeout_s):
            await client.start()
            await client.list_topics()
    except (aiokafka.errors.KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()
    return True


async def mongo_answers(url: str, timeout_s: float = 1.0) -> bool:
    """Whether a database at this URL answers `ping`."""
    return await asyncio.to_thread(_ping, url, int(timeout_s * 1000))


def _ping(url: str, timeout_ms: int) -> bool:
    try:
        with pymongo.MongoClient[dict[str, object]](
            url, serverSelectionTimeoutMS=timeout_ms, connectTimeoutMS=timeout_ms
        ) as client:
            client.admin.command("ping")
    except pymongo.errors.PyMongoError:
        return False
    return True


async def bucket_ready(endpoint: str, *, access_key: str, secret_key: str, bucket: str, timeout_s: float = 2.0) -> bool:
    """Whether the object store at `host:port` has the bucket; makes it where it can."""
    return await asyncio.to_thread(_ensure_bucket, endpoint, access_key, secret_key, bucket, timeout_s)


def _ensure_bucket(endpoint: str, access_key: str, secret_key: str, bucket: str, timeout_s: float) -> bool:
    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(timeout_s))
    client = Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=False, http_client=pool)
    try:
        if not client.bucket_exists(bucket):
            client.make_bucket(bucket)
    except (MinioException, urllib3.exceptions.HTTPError, OSError):
        return False
    finally:
        pool.clear()
    return True
