"""Topics, made before the services start: services themselves may not create any (facts: one provisioner principal)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from schemas.topics import DAY_MS, TopicSpec
from services.chassis.broker_security import client_arguments
from services.chassis.failures import Transient
from services.chassis.publishing import DEAD_LETTER_HEADROOM
from services.chassis.settings import ServiceSettings

DEAD_LETTER_RETENTION_MS: Final = 90 * DAY_MS
_LEGAL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SAFE_REPLICATION: Final = 3


class ProvisioningError(Exception):
    """The broker refused topics; one line each: name and reason."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Full names of the topics that were made, and of those that were there already (and left alone)."""

    created: tuple[str, ...]
    existing: tuple[str, ...]


def planned_topics(specs: Iterable[TopicSpec], settings: ServiceSettings) -> list[NewTopic]:
    """Each topic and its dead-letter topic, in the order given, with the environment's prefix.

    Raises:
        ProvisioningError: a name is none that Kafka takes (not every broker says so itself).
    """
    topics = [topic for spec in specs for topic in (_topic(spec, settings), _dead_letter(spec, settings))]
    illegal = sorted(topic.name for topic in topics if not _LEGAL_NAME.fullmatch(topic.name))
    if illegal:
        raise ProvisioningError(f"topic name(s) {illegal}: allowed are 1-249 letters, digits, '.', '_' and '-'")
    return topics


async def provision(settings: ServiceSettings, specs: Iterable[TopicSpec]) -> Provisioned:
    """Create what is missing.

    Raises:
        Transient: no broker answers.
        ProvisioningError: the broker refuses a topic; the others are made.
    """
    wanted = planned_topics(specs, settings)
    if not wanted:
        return Provisioned((), ())
    admin = AIOKafkaAdminClient(**client_arguments(settings), client_id="ice.provision")
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in present]
        answer = await admin.create_topics(missing) if missing else None
    except KafkaError as error:
        raise Transient(f"broker {settings.kafka_bootstrap}: {error!r}") from error
    finally:
        await admin.close()
    errors = _errors(answer.to_object()["topic_errors"] if answer is not None else [])
    refused = {name: error for name, error in errors.items() if not isinstance(error, TopicAlreadyExistsError)}
    if refused:
        lines = "\n  ".join(f"{name}: {error!r}" for name, error in sorted(refused.items()))
        raise ProvisioningError(f"broker {settings.kafka_bootstrap} refused {len(refused)} topic(s):\n  {lines}")
    created = tuple(topic.name for topic in missing if topic.name not in errors)
    return Provisioned(created, tuple(topic.name for topic in wanted if topic.name not in created))


def _errors(answers: Iterable[dict[str, Any]]) -> dict[str, Exception]:
    return {
        str(item["topic"]): for_code(item["error_code"])(item.get("error_message") or "")
        for item in answers
        if item["error_code"]
    }


def _topic(spec: TopicSpec, settings: ServiceSettings) -> NewTopic:
    configs = {
        "cleanup.policy": "compact" if spec.compacted else "delete",
        "retention.ms": str(spec.retention_ms),
        "max.message.bytes": str(settings.kafka_max_message_bytes),
    }
    return _new(spec.name, spec.partitions, configs, settings)


def _dead_letter(spec: TopicSpec, settings: ServiceSettings) -> NewTopic:
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": str(DEAD_LETTER_RETENTION_MS),
        "max.message.bytes": str(settings.kafka_max_message_bytes + DEAD_LETTER_HEADROOM),
    }
    # One partition: few records, read in the order in which they failed.
    return _new(spec.dead_letter, 1, configs, settings)


def _new(name: str, partitions: int, configs: dict[str, str], settings: ServiceSettings) -> NewTopic:
    replicas = settings.kafka_replication_factor
    if replicas >= _SAFE_REPLICATION:
        # With acks=all, an acknowledged record survives the loss of any one broker.
        configs = {**configs, "min.insync.replicas": "2"}
    return NewTopic(settings.kafka_topic_prefix + name, partitions, replicas, topic_configs=configs)
