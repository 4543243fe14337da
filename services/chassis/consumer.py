"""The consumer of a service: FastStream's broker, one hosted stage, and what can be said of its life."""

import asyncio
import logging
from typing import Any, Final

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from services.chassis.batches import BatchStage
from services.chassis.bindings import Binding, Concurrent
from services.chassis.broker_security import security_of
from services.chassis.clock import Clock
from services.chassis.concurrent import ConcurrentStage
from services.chassis.delivery import Desk
from services.chassis.ending import end
from services.chassis.failures import Transient
from services.chassis.health import Check
from services.chassis.hosting import BatchHost, ConcurrentHost, host_batches, host_concurrent
from services.chassis.metrics import Metrics
from services.chassis.settings import ServiceSettings
from services.chassis.shares import EvenShares

log = logging.getLogger(__name__)

#: A loop that hasn't turned for so long is dead. It turns every second, and while a batch waits every 10 s.
STUCK_AFTER_S: Final = 60.0
_FASTSTREAM: Final = logging.getLogger("ice.faststream")
_REBALANCE_MARGIN_MS: Final = 5_000
_HEARTBEATS_PER_SESSION: Final = 6


def _not_cancelled(record: logging.LogRecord) -> bool:
    # A handler that outlives the grace is cancelled on purpose; FastStream would report it as an error.
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


_FASTSTREAM.addFilter(_not_cancelled)


class Consumer:
    """Consumes for one service from `start` to `stop`."""

    def __init__(  # noqa: PLR0913 - its collaborators, made in one place
        self,
        settings: ServiceSettings,
        name: str,
        *,
        group: str,
        bindings: tuple[Binding, ...],
        concurrency: Concurrent | None,
        desk: Desk,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._metrics = metrics
        self._clock = clock
        self._measuring: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._broker = KafkaBroker(
            settings.bootstrap_servers,
            client_id=name,
            request_timeout_ms=settings.kafka_request_timeout_ms,
            security=security_of(settings),
            # Publishing is the EventPublisher's, topics are the provisioner's.
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=settings.grace_s,
            logger=_FASTSTREAM,
            log_level=logging.DEBUG,
        )
        self._host = self._hosted(group, bindings, concurrency)
        desk.on_halt = self._halt

    def _hosted(
        self, group: str, bindings: tuple[Binding, ...], concurrency: Concurrent | None
    ) -> BatchHost | ConcurrentHost:
        settings, desk = self._settings, self._desk
        rows = [[settings.kafka_topic_prefix + topic for topic in binding.topics] for binding in bindings]
        topics = [topic for row in rows for topic in row]
        if concurrency is not None:
            stage = ConcurrentStage(
                topics, desk, concurrency, self._metrics, self._clock, killed_limit=settings.killed_limit
            )
            return host_concurrent(self._broker, topics, group, stage, **self._client(concurrency.drain_s))
        batch_stage = BatchStage(
            desk,
            self._metrics,
            self._clock,
            settings.kafka_drain_s,
            rows,
            killed_limit=settings.killed_limit,
            most=settings.batch_max_records,
        )
        return host_batches(
            self._broker,
            topics,
            group,
            batch_stage,
            max_records=settings.batch_max_records,
            **self._client(settings.kafka_drain_s),
        )

    async def start(self) -> None:
        """Join the group.

        Raises:
            Transient: no broker answers.
        """
        try:
            await self._broker.start()
        except KafkaError as error:
            await self._broker.stop()
            raise Transient(f"broker {self._settings.kafka_bootstrap}: {error!r}") from error
        self._measuring = asyncio.create_task(self._keep_measuring())

    async def stop(self) -> None:
        """Finish what is in hand, commit, leave the group."""
        await end(self._measuring)
        if self._leaving is not None:
            await asyncio.gather(self._leaving, return_exceptions=True)
        await self._broker.stop()

    def life(self) -> Check:
        """Whether the loop turns."""
        if self._desk.conditions.halted is not None:
            # A restart wouldn't help: it would halt again. Readiness tells.
            return Check(ok=True, detail="halted")
        age = self._clock.monotonic() - self._host.stage.last_turn
        if not any(not task.done() for task in self._host.tasks):
            return Check(ok=False, detail="the consume loop has ended")
        if self._host.stage.regrouping:
            # Nothing is fetched until every member has drained, and for as long as no broker answers.
            return Check(ok=True, detail="the group shares out its partitions anew")
        return Check(ok=age < STUCK_AFTER_S, detail=f"last poll {age:.1f} s ago")

    def progress(self) -> Check:
        """Whether every handler call ends in time. A restart may not help, so this is no matter of life."""
        oldest = self._desk.oldest_call()
        if oldest is None:
            return Check(ok=True)
        age, what = oldest
        limit = self._settings.stuck_handler_s
        return Check(ok=age < limit, detail=f"running for {age:.0f} s ({what}); stuck_handler_s is {limit:.0f}")

    async def _keep_measuring(self) -> None:
        while True:
            oldest = self._desk.oldest_call()
            self._metrics.oldest_handler().set(oldest[0] if oldest else 0.0)
            await self._host.stage.measure()
            await asyncio.sleep(self._settings.lag_every_s)

    def _halt(self) -> None:
        self._host.stage.interrupt()
        self._host.running = False
        if self._leaving is None:
            # Out of the group, so that an upgraded member can have the partitions. Not awaited: the caller is a
            # handler's task, which the stop waits for.
            self._leaving = asyncio.create_task(self._host.stop())

    def _client(self, drain_s: float) -> dict[str, Any]:
        settings = self._settings
        return {
            "auto_offset_reset": "earliest",
            "fetch_max_wait_ms": settings.kafka_fetch_max_wait_ms,
            # A larger message comes all the same, alone.
            "max_partition_fetch_bytes": settings.kafka_partition_fetch_bytes,
            "session_timeout_ms": settings.kafka_session_timeout_ms,
            "heartbeat_interval_ms": settings.kafka_heartbeat_ms
            or settings.kafka_session_timeout_ms // _HEARTBEATS_PER_SESSION,
            "rebalance_timeout_ms": max(settings.kafka_session_timeout_ms, int(drain_s * 1000) + _REBALANCE_MARGIN_MS),
            # One only: aiokafka 0.14 sends a JoinGroup for each, the later ones with other metadata, which begins
            # another rebalance each time. Two members were seen to disturb each other so for minutes.
            "partition_assignment_strategy": (EvenShares(),),
            **({"group_instance_id": settings.kafka_instance_id} if settings.kafka_instance_id else {}),
        }
