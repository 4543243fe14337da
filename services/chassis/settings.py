"""Settings that every service has. Environment variables with the prefix `ICE_`; wrong ones stop the start-up."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_origin

from pydantic import AliasChoices, BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as NotJsonError

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
TopicPrefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,64}$")]


_BROKER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_DATABASE: Final = re.compile(r"mongodb(\+srv)?://[^/\s]+.*", re.DOTALL)
_HIGHEST_PORT: Final = 65_535
#: Characters shown before and after a mistake in JSON.
_NEAR: Final = 30


class SettingsError(ValueError):
    """One line per wrong setting: the environment variable, its value (secrets masked), what is allowed."""


class Settings(BaseSettings):
    """Settings from environment variables, each named by `env_prefix` and the field.

    Raises:
        SettingsError: a value is wrong; the message names the environment variable, the value and what is allowed.
    """

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - pydantic checks each value itself
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_describe(type(self), error, values)) from None
        except NotJsonError as error:
            raise SettingsError(_not_json(type(self), error)) from None


def variables_set(names: Iterable[str]) -> frozenset[str]:
    """Those of these environment variables that are set to something; what it is, maybe a secret, is not kept."""
    # As pydantic does for fields: small letters are taken for capitals.
    present = {name.upper() for name, value in os.environ.items() if value.strip()}  # noqa: TID251 - settings
    return frozenset(name for name in names if name.upper() in present)


class ServiceSettings(Settings):
    """What a service needs to reach its broker, database and object store, and how it behaves."""

    model_config = SettingsConfigDict(
        env_prefix="ICE_",
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    kafka_bootstrap: str = Field(default="127.0.0.1:9092", min_length=1)
    """Brokers, `host:port` separated by commas."""
    kafka_topic_prefix: TopicPrefix = ""
    """Put before every topic, so that several environments share one cluster."""
    kafka_group_prefix: TopicPrefix = "ice."
    """Put before the service's name to make its consumer group."""
    kafka_idempotence: bool = True
    """Idempotent producer; off for a broker that can't (Tansu)."""
    kafka_fetch_max_wait_ms: int = Field(default=500, ge=1, le=60_000)
    """How long the broker may hold an empty fetch. 10-25 on Tansu, which doesn't wake a waiting fetch."""
    kafka_partition_fetch_bytes: int = Field(default=256 * 1024, ge=1024, le=64 * 1024 * 1024)
    """Fetched ahead of each partition at most, so that a flood of messages waits on the broker and not in memory."""
    kafka_session_timeout_ms: int = Field(default=10_000, ge=1_000, le=600_000)
    """A member without heartbeats for so long loses its partitions."""
    kafka_heartbeat_ms: int | None = Field(default=None, ge=100, le=600_000)
    """Time between heartbeats; None = a sixth of the session. Longer than the session only where the broker evicts
    nobody from a group of one (the embedded one: each heartbeat is a write to its store)."""
    kafka_drain_s: float = Field(default=10.0, ge=0, le=600)
    """Seconds that a quick stage's running handlers get when partitions are revoked."""
    kafka_request_timeout_ms: int = Field(default=40_000, ge=1_000, le=600_000)
    """How long one request, and one attempt to publish, may take."""
    kafka_instance_id: str | None = None
    """Static membership: unique per replica and kept over restarts; None = dynamic."""
    kafka_max_message_bytes: int = Field(default=4 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    """Largest event that is published; topics are created with it, dead-letter topics with 64 KiB more."""
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    """Certificate authority of the brokers, PEM; None = the system's."""
    kafka_replication_factor: int = Field(default=1, ge=1, le=10)
    """Of topics that are created; 3 in production."""

    mongo_url: SecretStr = SecretStr("mongodb://127.0.0.1:27017/")
    mongo_database: str = Field(default="ice", pattern=r"^[A-Za-z0-9_-]{1,48}$")
    mongo_timeout_ms: int = Field(default=5_000, ge=100, le=120_000)
    """How long the database may take to be found or to answer before it counts as away."""

    s3_endpoint: str = Field(default="127.0.0.1:9000", pattern=r"^(https?://)?[^/\s]+/?$")
    """`host:port`, with or without scheme; a scheme overrides `s3_secure`."""
    s3_public_endpoint: str | None = Field(default=None, pattern=r"^(https?://)?[^/\s]+/?$")
    """Address under which browsers and other teams reach the store, for presigned links; None = `s3_endpoint`."""
    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_bucket: str = Field(default="ice", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    s3_region: str = "us-east-1"
    s3_secure: bool = False
    s3_threads: int = Field(default=8, ge=1, le=128)
    """Requests to the object store at once: its client blocks, so each holds a thread."""
    s3_timeout_s: float = Field(default=30.0, gt=0, le=600)

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65_535)
    """Health and metrics; 0 = no server."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    grace_s: float = Field(default=20.0, ge=0, le=3_600)
    """Seconds that work in hand gets to finish after SIGTERM."""

    batch_max_records: int = Field(default=500, ge=1, le=10_000)
    """Most messages that a quick stage takes at once."""
    batch_concurrency: int = Field(default=64, ge=1, le=1_000)
    """Most keys of a batch in a handler at once."""
    lag_every_s: float = Field(default=10.0, gt=0, le=3_600)
    """Seconds between two questions to the broker of how far behind this consumer is."""
    stuck_handler_s: float = Field(default=600.0, gt=0, le=86_400)
    """A handler call that runs for longer than this makes the service not ready, and is named."""
    max_attempts: int = Field(default=3, ge=1, le=100)
    """Tries of a message whose handler fails by a bug, before it is dead-lettered."""
    killed_limit: int = Field(default=3, ge=0, le=100)
    """Lives of this service that end at the same committed offset before its messages are taken one at a time, to find
    the one that kills; 0 = never."""
    retry_base_s: float = Field(default=0.2, gt=0, le=60)
    """First wait of the back-off; doubles, with jitter, up to `retry_cap_s`."""
    retry_cap_s: float = Field(default=30.0, gt=0, le=600)
    dead_letter_budget: int = Field(default=50, ge=1, le=1_000_000)
    """So many dead letters in a row halt the consumer: then the fault is ours, not the messages'."""

    @field_validator("kafka_bootstrap")
    @classmethod
    def _brokers_have_ports(cls, value: str) -> str:
        brokers = [part.strip() for part in value.split(",") if part.strip()]
        found = [_BROKER.fullmatch(broker) for broker in brokers]
        if not found or not all(broker and 1 <= int(broker[2]) <= _HIGHEST_PORT for broker in found):
            raise ValueError(f"allowed is host:port, several separated by commas, each port 1 to {_HIGHEST_PORT}")
        return value

    @field_validator("mongo_url")
    @classmethod
    def _database_is_mongodb(cls, value: SecretStr) -> SecretStr:
        if not _DATABASE.fullmatch(value.get_secret_value()):
            raise ValueError("allowed is mongodb://host:port/ or mongodb+srv://host/, with user:password@ where needed")
        return value

    @model_validator(mode="after")
    def _sasl_needs_credentials(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL") and not (self.kafka_username and self.kafka_password):
            raise ValueError(
                f"ICE_KAFKA_SECURITY_PROTOCOL: {self.kafka_security_protocol!r}: "
                "needs ICE_KAFKA_USERNAME and ICE_KAFKA_PASSWORD"
            )
        return self

    @property
    def bootstrap_servers(self) -> list[str]:
        """The brokers as a list."""
        return [part.strip() for part in self.kafka_bootstrap.split(",") if part.strip()]


def _describe(cls: type[BaseSettings], error: ValidationError, values: dict[str, Any]) -> str:
    """One line per mistake, by environment variable."""
    prefix = str(cls.model_config.get("env_prefix", ""))
    named = dict(cls.model_fields)
    for field in cls.model_fields.values():
        alias = field.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        named |= {choice: field for choice in choices if isinstance(choice, str)}
    lines = []
    for item in error.errors(include_url=False):
        name = str(item["loc"][0]) if item["loc"] else ""
        meant = named.get(name)
        secret = meant is not None and "Secret" in str(meant.annotation)
        # A setting with a variable of its own, e.g. OPENAI_API_KEY, is told by that name.
        where = f"{prefix}{name}".upper() if name in cls.model_fields else name
        # Of a setting that is a JSON document: the field within it.
        where = ".".join((where, *(str(step) for step in item["loc"][1:])))
        shown = "'***'" if secret else repr(item.get("input", values.get(name)))
        said = item["msg"].removeprefix("Value error, ")
        lines.append(f"{where}: {shown}: {said}" if name else said)
    return "invalid settings:\n  " + "\n  ".join(lines)


def _not_json(cls: type[BaseSettings], error: NotJsonError) -> str:
    """A list or mapping is read as JSON before anything else; pydantic tells the field in its message only."""
    found = re.search(r'field "(\w+)"', str(error))
    if found is None:
        return f"invalid settings:\n  {error}"
    variable = f"{cls.model_config.get('env_prefix', '')}{found[1]}".upper()
    field = cls.model_fields.get(found[1])
    allowed = f"allowed is JSON, {_json_form(None if field is None else field.annotation)}"
    cause = error.__cause__
    if not isinstance(cause, json.JSONDecodeError):
        return f"invalid settings:\n  {variable}: no JSON: {allowed}"
    near = cause.doc[max(0, cause.pos - _NEAR) : cause.pos + _NEAR]
    where = f"line {cause.lineno}, column {cause.colno}" if "\n" in cause.doc else f"character {cause.pos + 1}"
    return f"invalid settings:\n  {variable}: {near!r}: {allowed}; {cause.msg} at {where}"


def _json_form(annotation: Any) -> str:  # noqa: ANN401 - any annotation
    """What a field's JSON looks like."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if is_model or annotation is dict or get_origin(annotation) in {dict, Mapping}:
        return 'an object like {"name": "value"}'
    return 'a list like ["a", "b"]'
