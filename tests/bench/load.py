"""What both sides are given, and how their answers are timed."""

import asyncio
import io
import resource
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import numpy as np
from aiokafka import AIOKafkaConsumer
from PIL import Image
from pydantic import BaseModel, ConfigDict, SecretStr

from services.chassis.settings import ServiceSettings

WIDTH, HEIGHT = 1024, 576
#: Red and gold, each from and to so many tenths of the height.
_WORN: Final = (((194, 47, 53), 4, 10), ((217, 166, 56), 3, 4))


class Task(BaseModel):
    """One side's work: where the servers are, and how much to send."""

    model_config = ConfigDict(frozen=True)

    side: str
    """`pipeline` or `bare`."""
    shared: dict[str, Any]
    """Settings of every service."""
    burst: int
    """Shots published at once, for the throughput."""
    paced: int
    """Shots published one by one, for the latency."""
    rate: float
    """Paced shots per second."""
    payload_bytes: dict[str, int] = {}
    """Mean size of a record per topic, measured on the pipeline, for the bare side."""

    def settings(self) -> ServiceSettings:
        """As the services read them."""
        return ServiceSettings(**self.arguments())

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of any service's settings."""
        secret = {key: SecretStr(str(self.shared[key])) for key in ("mongo_url", "s3_secret_key")}
        return {**self.shared, **secret}


class Outcome(BaseModel):
    """What one side needed."""

    model_config = ConfigDict(frozen=True)

    shots_per_s: float
    """Of the burst."""
    cpu_s_per_shot: float
    """Processor seconds of the side's own process, over burst and paced shots."""
    p50_ms: float
    """From published ShotPlanned to received KeyframeReady, paced."""
    p99_ms: float
    """As above."""
    burst_s: float
    """Length of the burst."""
    payload_bytes: dict[str, int] = {}
    """Mean size of a record per topic."""


def frame() -> bytes:
    """A PNG about as heavy as a drawn frame; the same bytes on every machine.

    It has a figure in the colours that the bench's character wears, so that it passes and nothing is made twice.
    """
    rng = np.random.default_rng(7)
    ramp = np.linspace(0, 255, WIDTH, dtype=np.float32)[None, :, None] * np.ones((HEIGHT, 1, 3), np.float32)
    for colour, top, bottom in _WORN:
        ramp[HEIGHT * top // 10 : HEIGHT * bottom // 10, WIDTH * 2 // 5 : WIDTH * 3 // 5] = colour
    grain = rng.normal(0, 6, (HEIGHT, WIDTH, 3)).astype(np.float32)
    pixels = np.clip(ramp + grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()


def processor_s() -> float:
    """Processor seconds of this process and its ended children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Stopwatch:
    """Notes when each key was sent and when its answer came in."""

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self._news = asyncio.Event()

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        """Note answers by the record's key until cancelled."""
        while True:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                now = time.perf_counter()
                for record in records:
                    self.answered.setdefault(record.key.decode(), now)
            self._news.set()

    async def until_answered(self, keys: Sequence[str], timeout_s: float) -> None:
        """Wait for the answers to these keys."""
        async with asyncio.timeout(timeout_s):
            while not all(key in self.answered for key in keys):
                self._news.clear()
                await self._news.wait()

    def latencies_ms(self, keys: Sequence[str]) -> list[float]:
        """From sent to answered, sorted."""
        return sorted((self.answered[key] - self.sent[key]) * 1000 for key in keys)


Send = Callable[[Sequence[str]], Awaitable[None]]


async def drive(task: Task, send: Send, watch: Stopwatch) -> Outcome:
    """Publish the burst, then the paced shots; `send` publishes shots by id and notes when."""
    burst = [f"bench/burst-{n:05d}" for n in range(task.burst)]
    paced = [f"bench/paced-{n:05d}" for n in range(task.paced)]
    warm = [f"bench/warm-{n:05d}" for n in range(5)]
    await send(warm)
    await watch.until_answered(warm, timeout_s=120)
    used, begun = processor_s(), time.perf_counter()
    await send(burst)
    await watch.until_answered(burst, timeout_s=600)
    burst_s = time.perf_counter() - begun
    for key in paced:
        await send([key])
        await asyncio.sleep(1 / task.rate)
    await watch.until_answered(paced, timeout_s=120)
    cpu = processor_s() - used
    latencies = watch.latencies_ms(paced)
    return Outcome(
        shots_per_s=len(burst) / burst_s,
        cpu_s_per_shot=cpu / (len(burst) + len(paced)),
        p50_ms=latencies[len(latencies) // 2],
        p99_ms=latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))],
        burst_s=burst_s,
    )
