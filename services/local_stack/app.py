"""Composition root of the stack: which services run in the one process, and with which settings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import SecretStr

from schemas import topics
from services.character_conditioning import app as character_conditioning
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.app import ServiceApp
from services.chassis.provision import provision
from services.chassis.settings import ServiceSettings, SettingsError
from services.gateway import app as gateway
from services.gateway.settings import GatewaySettings
from services.generation import app as generation
from services.generation.providers import catalogue
from services.generation.providers.local.assembly import LOCAL
from services.generation.settings import GenerationSettings
from services.local_stack.folder import Credentials
from services.local_stack.servers.embedded import Addresses
from services.local_stack.servers.ports import LOOPBACK
from services.location_conditioning import app as location_conditioning
from services.location_conditioning.settings import LocationConditioningSettings
from services.orchestrator import app as orchestrator
from services.orchestrator.settings import OrchestratorSettings
from services.prompt_builder import app as prompt_builder
from services.prompt_builder.settings import PromptBuilderSettings
from services.validation import app as validation
from services.validation.settings import ValidationSettings

_UNHURRIED_FETCH_MS: Final = 200
"""The gateway reads every topic and holds nobody up, and a hosted vendor takes seconds: they may look less often."""
_MOST_PARTITIONS: Final = 4
"""One process reads them all; the embedded broker pays for each partition of each fetch."""


@dataclass(frozen=True, slots=True)
class TopicsMade:
    """How many topics were created, and how many were there already."""

    created: int
    existing: int


def shared_settings(addresses: Addresses, credentials: Credentials) -> dict[str, Any]:
    """What every service of the stack gets, by field name of `ServiceSettings`."""
    return {
        "kafka_bootstrap": addresses.kafka_bootstrap,
        "kafka_security_protocol": "PLAINTEXT",
        "kafka_instance_id": None,
        # The embedded broker has no idempotent producer and does not wake a waiting fetch: the wait is a poll period.
        # A fetch costs 2-3 ms of processor time on both sides together (measured), seven consumers fetch: at 25 ms
        # that is two thirds of a core when nothing happens, at 50 ms a third, and a hop is 12 ms slower.
        "kafka_idempotence": False,
        "kafka_fetch_max_wait_ms": 50,
        # It makes a joining member wait for half the session's length, and one that was killed for its rest: 1 s
        # brings a group up in 1 s, before and after a crash (10 s: 5 s and 18 s; static membership: 6 s always). Each
        # group has one member here, which the broker can't lose by a late heartbeat.
        "kafka_session_timeout_ms": 1000,
        # Each heartbeat is a write to the object store: 6 a second and group were 7 MB a minute with nothing to do.
        "kafka_heartbeat_ms": 3000,
        "kafka_replication_factor": 1,
        "mongo_url": SecretStr(addresses.mongo_url),
        "s3_endpoint": addresses.s3_endpoint,
        "s3_access_key": credentials.s3_access_key,
        "s3_secret_key": SecretStr(credentials.s3_secret_key),
        "s3_bucket": addresses.s3_bucket,
        "s3_secure": False,
        "http_port": 0,
    }


def providers(shared: Mapping[str, Any]) -> tuple[str, ...]:
    """Providers whose workers run: those of ICE_PROVIDERS, else previz and every vendor whose key is set.

    Raises:
        SettingsError: there is no worker for one of them.
    """
    named = OrchestratorSettings(**shared).workers
    strangers = [name for name in named if name not in catalogue.NAMES]
    if strangers:
        raise SettingsError(
            f"ICE_PROVIDERS: {', '.join(strangers)}: no worker can serve that; allowed are {', '.join(catalogue.NAMES)}"
        )
    return tuple(dict.fromkeys(named))


async def make_topics(settings: ServiceSettings, names: tuple[str, ...]) -> TopicsMade:
    """Create every topic and dead-letter topic of these providers that is missing."""
    specs = [replace(spec, partitions=min(spec.partitions, _MOST_PARTITIONS)) for spec in topics.specs(names)]
    made = await provision(settings, specs)
    return TopicsMade(len(made.created), len(made.existing))


def build_services(shared: Mapping[str, Any], names: tuple[str, ...], *, gateway_port: int) -> tuple[ServiceApp, ...]:
    """Every service of the engine and a worker for each provider, not yet started, from the first stage to the last."""
    web = {
        "http_host": LOOPBACK,
        "http_port": gateway_port,
        "kafka_fetch_max_wait_ms": _UNHURRIED_FETCH_MS,
        "providers": names,
    }
    return (
        character_conditioning.build(CharacterConditioningSettings(**shared)),
        location_conditioning.build(LocationConditioningSettings(**shared)),
        prompt_builder.build(PromptBuilderSettings(**shared)),
        # It finds the providers itself, as `providers` does, and so can say which vendor's key isn't set.
        orchestrator.build(OrchestratorSettings(**shared)),
        *(generation.build(_worker(shared, name)) for name in names),
        validation.build(ValidationSettings(**shared)),
        gateway.build(GatewaySettings(**{**shared, **web})),
    )


def _worker(shared: Mapping[str, Any], name: str) -> GenerationSettings:
    slow = name in catalogue.VENDORS or name in LOCAL
    unhurried = {"kafka_fetch_max_wait_ms": _UNHURRIED_FETCH_MS} if slow else {}
    return GenerationSettings(**{**shared, **unhurried, "generation_provider": name})
