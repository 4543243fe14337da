"""Side (b): the same hops with aiokafka alone, one record and one image per shot, nothing else."""

import asyncio
import io
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from minio import Minio
from motor.motor_asyncio import AsyncIOMotorClient  # noqa: TID251 - the bare side uses the driver itself

from services.chassis.settings import ServiceSettings
from tests.bench.load import Outcome, Stopwatch, Task, drive, frame
from tests.bench.pipeline import WAY

PARTITIONS: Final = 4
"""As the local stack makes them."""
GENERATION: Final = 4
"""Index of the hop that stores the image."""


class BareChain:
    """One consumer and one handler per hop, one producer for all."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._settings: ServiceSettings = task.settings()
        self._topics = [f"{self._settings.kafka_topic_prefix}{topic}" for topic in WAY]
        self._payloads = [b"x" * task.payload_bytes.get(topic, 4000) for topic in WAY]
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            acks="all",
            enable_idempotence=self._settings.kafka_idempotence,
        )
        self._image = frame()
        self._threads = ThreadPoolExecutor(self._settings.s3_threads)
        self._store = Minio(
            self._settings.s3_endpoint,
            access_key=self._settings.s3_access_key,
            secret_key=self._settings.s3_secret_key.get_secret_value(),
            secure=self._settings.s3_secure,
        )
        self._mongo: Any = AsyncIOMotorClient(self._settings.mongo_url.get_secret_value())
        self._records = self._mongo[self._settings.mongo_database]["bare"]

    async def run(self) -> Outcome:
        """Make the topics, start the hops, drive them."""
        await self._make_topics()
        await self._producer.start()
        consumers = [self._consumer(index) for index in range(len(self._topics))]
        await asyncio.gather(*(consumer.start() for consumer in consumers))
        hops = [asyncio.create_task(self._hop(index, consumers[index])) for index in range(len(self._topics) - 1)]
        watch = Stopwatch()
        hops.append(asyncio.create_task(watch.listen(consumers[-1])))
        try:

            async def send(keys: Sequence[str]) -> None:
                now = time.perf_counter()
                watch.sent.update(dict.fromkeys(keys, now))
                await self._publish(0, [key.encode() for key in keys])

            return await drive(self._task, send, watch)
        finally:
            for hop in hops:
                hop.cancel()
            await asyncio.gather(*hops, return_exceptions=True)
            await asyncio.gather(*(consumer.stop() for consumer in consumers))
            await self._producer.stop()
            self._threads.shutdown()
            self._mongo.close()

    async def _hop(self, index: int, consumer: AIOKafkaConsumer) -> None:
        """Take a batch, do the hop's one effect per record, send, wait for the acknowledgements, commit."""
        while True:
            got = await consumer.getmany(timeout_ms=100, max_records=500)
            keys = [record.key for records in got.values() for record in records]
            if not keys:
                continue
            if index == GENERATION:
                await asyncio.gather(*(self._store_image(key) for key in keys))
                await asyncio.gather(
                    *(self._records.insert_one({"_id": key.decode(), "size": len(self._image)}) for key in keys)
                )
            await self._publish(index + 1, keys)
            await consumer.commit()

    async def _store_image(self, key: bytes) -> None:
        def put() -> None:
            self._store.put_object(
                self._settings.s3_bucket,
                f"{self._settings.mongo_database}/bare/{key.decode()}.png",
                io.BytesIO(self._image),
                len(self._image),
                "image/png",
            )

        await asyncio.get_running_loop().run_in_executor(self._threads, put)

    async def _publish(self, index: int, keys: Sequence[bytes]) -> None:
        sent = [await self._producer.send(self._topics[index], self._payloads[index], key) for key in keys]
        await asyncio.gather(*sent)

    def _consumer(self, index: int) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            self._topics[index],
            bootstrap_servers=self._settings.kafka_bootstrap,
            group_id=f"{self._settings.kafka_group_prefix}bare-{index}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=self._settings.kafka_fetch_max_wait_ms,
            session_timeout_ms=self._settings.kafka_session_timeout_ms,
            heartbeat_interval_ms=self._settings.kafka_session_timeout_ms // 3,
        )

    async def _make_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.kafka_bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in self._topics])
        finally:
            await admin.close()


async def run(task: Task) -> Outcome:
    """As `BareChain.run`."""
    return await BareChain(task).run()
