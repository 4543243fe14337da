"""Our consumers as FastStream subscribers: the one module that touches FastStream's internals.

FastStream is pinned to one version for this module's sake (docs/decisions/0003); tests/contract/test_faststream.py
holds what is relied on. Why not its own subscribers as they come: its parser decodes every header as UTF-8, so one
foreign header would skip a whole batch; its ACK policy commits when a handler raises; its concurrent modes lose
messages when killed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar, cast

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord
from faststream import AckPolicy
from faststream._internal.broker.registrator import Registrator
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.kafka import KafkaBroker
from faststream.kafka.configs import KafkaBrokerConfig
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.schemas import Topic
from faststream.kafka.subscriber.config import KafkaSubscriberConfig, KafkaSubscriberSpecificationConfig
from faststream.kafka.subscriber.specification import KafkaSubscriberSpecification
from faststream.kafka.subscriber.usecase import BatchSubscriber, DefaultSubscriber, LogicSubscriber

from services.chassis.batches import BatchStage
from services.chassis.concurrent import ConcurrentStage
from services.chassis.ending import end

_POLL_MS: Final = 200
#: After draining, the last commit gets so long: without a broker it would be tried for ever.
_LAST_COMMIT_S: Final = 10.0
_RELEASE_S: Final = 2.0


class BatchHost(BatchSubscriber):
    """FastStream's batch subscriber with our poll and our rebalance listener."""

    __slots__ = ("stage",)
    stage: BatchStage

    async def start(self) -> None:
        """Join the group and start the consume loop."""
        await super(LogicSubscriber, self).start()
        consumer = await _open(self, self.stage)
        self.stage.attach(consumer)
        self._post_start()
        self.add_task(self._run_consume_loop, (consumer,))

    async def stop(self) -> None:
        """Let running handlers end (the broker's graceful timeout), commit, leave the group."""
        self.stage.interrupt()
        await _release(self.stage)
        await _close(self, super().stop)

    async def get_msg(self, consumer: AIOKafkaConsumer) -> tuple[ConsumerRecord, ...]:
        """The next batch: what is there, or nothing after a while."""
        del consumer  # the stage's own
        return await self.stage.fetch(self.max_records or 1, _POLL_MS)


class ConcurrentHost(DefaultSubscriber):
    """FastStream's record subscriber, its loop replaced by the concurrent stage's."""

    __slots__ = ("stage",)
    stage: ConcurrentStage

    async def start(self) -> None:
        """Join the group and start the stage's loop."""
        await super(LogicSubscriber, self).start()
        consumer = await _open(self, self.stage)
        self.stage.attach(consumer, self._hand)
        self._post_start()
        self.add_task(self.stage.run)

    async def stop(self) -> None:
        """Drain and commit, then cancel what is left and leave the group."""
        self.stage.interrupt()
        await _release(self.stage)
        running = [task for task in self.tasks if not task.done()]
        if running:
            await asyncio.wait(running, timeout=self.stage.stop_s + _LAST_COMMIT_S)
        await self.stage.close()
        await _close(self, super().stop)

    async def _hand(self, record: ConsumerRecord) -> bool:
        response = await self.process_message(record)
        return bool(response.body)


async def _release(stage: BatchStage | ConcurrentStage) -> None:
    # Told to stop: if it takes too long and the process is killed, no message is to blame.
    releasing = asyncio.create_task(stage.release())
    await asyncio.wait({releasing}, timeout=_RELEASE_S)
    await end(releasing)


_Host = TypeVar("_Host", BatchHost, ConcurrentHost)


async def _open(subscriber: BatchHost | ConcurrentHost, listener: ConsumerRebalanceListener) -> AIOKafkaConsumer:
    consumer = subscriber.builder(
        group_id=subscriber.group_id,
        client_id=subscriber.client_id,
        **subscriber._connection_args,  # noqa: SLF001
    )
    subscriber.consumer = consumer
    consumer.subscribe(topics=subscriber.topic_names_for_subscribe, listener=listener)
    await consumer.start()
    return consumer


async def _close(subscriber: BatchHost | ConcurrentHost, stop: Callable[[], Awaitable[None]]) -> None:
    # FastStream cancels its tasks and forgets them; unawaited, they would outlive the consumer they use.
    tasks = list(subscriber.tasks)
    await stop()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _leave_raw(record: Any) -> KafkaMessage:  # noqa: ANN401 - a record or a tuple of them
    """FastStream's message around raw records; headers stay bytes, and nothing is acknowledged behind our back."""
    return KafkaMessage(
        body=b"", raw_message=record, headers={}, message_id="", correlation_id="", consumer=FAKE_CONSUMER
    )


async def _raw(message: KafkaMessage) -> Any:  # noqa: ANN401 - as above
    return message.raw_message


def host_batches(
    broker: KafkaBroker,
    topics: Sequence[str],
    group: str,
    stage: BatchStage,
    *,
    max_records: int,
    **client: Any,  # noqa: ANN401 - aiokafka's own arguments
) -> BatchHost:
    """One batch subscriber over all `topics`; `client` are arguments of `AIOKafkaConsumer`."""
    config, specification, calls = _parts(broker, topics, group, client)
    host = BatchHost(config, specification, calls, batch_timeout_ms=_POLL_MS, max_records=max_records)
    host.stage = stage

    async def consume(records: Any) -> None:  # noqa: ANN401 - FastStream would validate any other annotation
        await stage.consume(records)

    return _register(broker, host, consume)


def host_concurrent(
    broker: KafkaBroker,
    topics: Sequence[str],
    group: str,
    stage: ConcurrentStage,
    **client: Any,  # noqa: ANN401 - as above
) -> ConcurrentHost:
    """One subscriber over all `topics` that hands out many records of a partition at once."""
    config, specification, calls = _parts(broker, topics, group, client)
    host = ConcurrentHost(config, specification, calls)
    host.stage = stage

    async def consume(record: Any) -> bool:  # noqa: ANN401 - as above
        return await stage.consume(record)

    return _register(broker, host, consume)


def _parts(
    broker: KafkaBroker, topics: Sequence[str], group: str, client: dict[str, Any]
) -> tuple[KafkaSubscriberConfig, KafkaSubscriberSpecification, CallsCollection[Any]]:
    outer = cast("KafkaBrokerConfig", broker.config)  # a composition that answers as one
    declared = [Topic.validate(topic) for topic in topics]
    config = KafkaSubscriberConfig(
        topics=declared,
        group_id=group,
        connection_args=client,
        # A foreign `reply_to` header must not make us publish.
        no_reply=True,
        _outer_config=outer,
        # Offsets are committed by our stages, explicitly: FastStream's ACK commits on errors too.
        _ack_policy=AckPolicy.MANUAL,
    )
    calls: CallsCollection[Any] = CallsCollection()
    specification = KafkaSubscriberSpecification(
        _outer_config=outer,
        calls=calls,
        specification_config=KafkaSubscriberSpecificationConfig(
            topics=declared, title_=None, description_=None, include_in_schema=True
        ),
    )
    return config, specification, calls


def _register(broker: KafkaBroker, host: _Host, consume: Any) -> _Host:  # noqa: ANN401 - as above
    Registrator.subscriber(broker, host, persistent=True)
    host.add_call(parser_=_leave_raw, decoder_=_raw, dependencies_=())
    host(consume)
    return host
