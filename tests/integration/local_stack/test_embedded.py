"""The three servers together: what they were given survives the death of everything."""

import asyncio
import contextlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiokafka
import aiokafka.errors
import pymongo
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from minio import Minio

from services.local_stack.events import EventKind, StackEvent
from services.local_stack.folder import StackFolder
from services.local_stack.servers import ports
from services.local_stack.servers.embedded import PORTS, EmbeddedServers

pytestmark = pytest.mark.integration

TOPIC = "shots"
PARTITIONS = 4


@dataclass
class Stack:
    """The servers over one folder, with what they told."""

    folder: StackFolder
    servers: EmbeddedServers
    events: list[StackEvent]

    @classmethod
    def over(cls, path: Path, *, keep_ports: bool = True) -> "Stack":
        folder = StackFolder(path)
        folder.acquire(min_free_mb=0)
        chosen = ports.choose(PORTS, folder.remembered_ports() if keep_ports else {}, {})
        folder.remember_ports(chosen)
        events: list[StackEvent] = []
        servers = EmbeddedServers(folder, ports=chosen, credentials=folder.credentials(), on_event=events.append)
        return cls(folder, servers, events)

    def crash(self) -> None:
        self.servers.kill()
        self.folder.release()

    def objects(self) -> Minio:
        keys = self.folder.credentials()
        return Minio(
            self.servers.addresses.s3_endpoint,
            access_key=keys.s3_access_key,
            secret_key=keys.s3_secret_key,
            secure=False,
        )


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack.over(tmp_path / "stack")
    yield stack
    stack.crash()


async def fill(stack: Stack) -> None:
    where = stack.servers.addresses
    admin = AIOKafkaAdminClient(bootstrap_servers=where.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    await admin.close()
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=where.kafka_bootstrap, acks="all", enable_idempotence=False)
    await producer.start()
    for n in range(40):
        await producer.send_and_wait(TOPIC, b"%d" % n, key=b"%d" % n, headers=[("n", b"%d" % n)])
    await producer.stop()
    with pymongo.MongoClient[dict[str, object]](where.mongo_url) as client:
        for n in range(50):
            client["ice"]["runs"].insert_one({"_id": n, "version": 1})
        for n in range(50):
            client["ice"]["runs"].replace_one({"_id": n, "version": 1}, {"version": 2, "pad": "x" * 2000})
    stack.objects().put_object(where.s3_bucket, "a/frame.png", io.BytesIO(b"z" * 100_000), 100_000)


def consumer(stack: Stack) -> aiokafka.AIOKafkaConsumer:
    return aiokafka.AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=stack.servers.addresses.kafka_bootstrap,
        group_id="ice.test",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=20,
        session_timeout_ms=1000,
        heartbeat_interval_ms=300,
    )


async def take(stack: Stack, most: int, within_s: float) -> list[int]:
    """Consume up to `most` records, commit each batch, and leave without saying good-bye to the group.

    Told are those whose commit went through: who stands still for a session's second gets the others once more.
    """
    reader = consumer(stack)
    await reader.start()
    got: list[int] = []
    deadline = time.monotonic() + within_s
    while len(got) < most and time.monotonic() < deadline:
        found = await reader.getmany(timeout_ms=200, max_records=most - len(got))
        with contextlib.suppress(aiokafka.errors.CommitFailedError, aiokafka.errors.IllegalStateError):
            await reader.commit()
            got += [int(record.value) for records in found.values() for record in records]
    await reader.stop()
    return got


@pytest.mark.parametrize("keep_ports", [True, False])
async def test_everything_survives_the_death_of_all_servers(tmp_path: Path, *, keep_ports: bool) -> None:
    first = Stack.over(tmp_path)
    await first.servers.start()
    await fill(first)
    taken = await take(first, 24, within_s=90)
    first.crash()

    second = Stack.over(tmp_path, keep_ports=keep_ports)
    try:
        await second.servers.start()
        rest = await take(second, 40 - len(taken), within_s=90)
        assert sorted(taken + rest) == list(range(40))
        with pymongo.MongoClient[dict[str, object]](second.servers.addresses.mongo_url) as client:
            assert client["ice"]["runs"].count_documents({"version": 2}) == 50
        reply = second.objects().get_object(second.servers.addresses.s3_bucket, "a/frame.png")
        assert reply.read() == b"z" * 100_000
        reply.close()
        reply.release_conn()
    finally:
        second.crash()


async def test_servers_stop_by_themselves_and_the_broker_before_its_storage(stack: Stack) -> None:
    await stack.servers.start()
    await stack.servers.stop()
    stopped = [event for event in stack.events if event.kind is EventKind.STOPPED]
    order = [event.part for event in stopped]
    assert sorted(order) == ["broker", "database", "object-store"]
    assert order.index("broker") < order.index("object-store")
    assert {event.text for event in stopped} == {"stopped"}
    assert all(server.pid is None for server in stack.servers.servers)


@pytest.mark.parametrize("victim", ["broker", "database", "object-store"])
async def test_a_server_that_dies_is_started_again_with_its_data(stack: Stack, victim: str) -> None:
    await stack.servers.start()
    await fill(stack)
    watch = asyncio.create_task(stack.servers.watch())
    try:
        server = next(server for server in stack.servers.servers if server.plan.name == victim)
        assert server._child is not None
        server._child.kill()
        assert await _told(stack, EventKind.ENDED, victim)
        assert await _told(stack, EventKind.READY, victim, times=2)
        assert sorted(await take(stack, 40, within_s=90)) == list(range(40))
        with pymongo.MongoClient[dict[str, object]](stack.servers.addresses.mongo_url) as client:
            assert client["ice"]["runs"].count_documents({"version": 2}) == 50
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def _told(stack: Stack, kind: EventKind, part: str, times: int = 1) -> bool:
    def count() -> int:
        return sum(event.kind is kind and event.part == part for event in stack.events)

    return await _until(lambda: count() >= times)


async def _until(condition: Callable[[], bool], within_s: float = 90.0) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.02)
    return True
