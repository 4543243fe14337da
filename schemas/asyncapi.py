"""The AsyncAPI 3.0 document: every topic, message, key and who sends or receives it."""

from typing import Any

from schemas import envelope
from schemas.base import Event
from schemas.registry import Registry
from schemas.topics import TopicSpec

Document = dict[str, Any]

_HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka protocol binding, binary mode. All optional for producers: the topic names "
    "the event, and the id follows from the body.",
    "properties": {
        envelope.CE_SPECVERSION: {"type": "string", "const": envelope.SPEC_VERSION},
        envelope.CE_ID: {"type": "string", "description": "UUIDv5 of the event's identity; the same when repeated."},
        envelope.CE_TYPE: {"type": "string", "description": "`film.<subject>.<past-tense>`."},
        envelope.CE_SOURCE: {"type": "string", "description": "Service that published, as a URI reference."},
        envelope.CE_SUBJECT: {"type": "string", "description": "Whom the event is about: the partition key."},
        envelope.CE_TIME: {"type": "string", "format": "date-time", "description": "When it was published, UTC."},
        envelope.CE_DATASCHEMA: {"type": "string", "description": "`urn:ice:schema:<event>:v<version>`."},
        envelope.CE_SCHEMAVERSION: {"type": "string", "pattern": "^[1-9][0-9]*$"},
        envelope.CONTENT_TYPE_HEADER: {"type": "string", "const": envelope.CONTENT_TYPE},
        envelope.TRACEPARENT: {"type": "string", "description": "W3C Trace Context."},
        envelope.REPLAYED_FROM: {"type": "string", "description": "`topic:partition:offset` of the original."},
    },
}


def schema_file(event: type[Event], version: int | None = None) -> str:
    """File name of an event's JSON Schema below `contracts/schemas/`, of the latest version unless another is named."""
    return f"{event.TYPE.removeprefix('film.')}.v{version or event.VERSION}.schema.json"


def document(specs: tuple[TopicSpec, ...], registry: Registry, version: str) -> Document:
    """The whole document, ready to be written as YAML."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Image Creation Engine",
            "version": version,
            "description": "ShotPlanned in, KeyframeReady out. Bodies are JSON, attributes travel in Kafka headers.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": envelope.CONTENT_TYPE,
        "channels": {_channel_id(spec): _channel(spec, registry) for spec in specs},
        "operations": {name: operation for spec in specs for name, operation in _operations(spec)},
        "components": {
            "messages": _messages(specs, registry),
            "schemas": {"CloudEventHeaders": _HEADERS},
        },
    }


def _messages(specs: tuple[TopicSpec, ...], registry: Registry) -> Document:
    """The latest version of every event, and older ones as far as they still have a topic."""
    latest = {_message_id(event, event.VERSION): _message(event, event.VERSION) for event in registry}
    carried = [(registry.event(spec.event_type), spec.version) for spec in specs]
    older = {_message_id(event, version): _message(event, version) for event, version in carried}
    return {**latest, **older}


def _message_id(event: type[Event], version: int) -> str:
    """`ShotPlanned` of the latest version, `ShotPlannedV1` of an older one."""
    return event.__name__ if version == event.VERSION else f"{event.__name__}V{version}"


def _channel_id(spec: TopicSpec) -> str:
    return spec.name.replace(".", "-")


def _channel(spec: TopicSpec, registry: Registry) -> Document:
    message = _message_id(registry.event(spec.event_type), spec.version)
    cleanup = ["compact"] if spec.compacted else ["delete"]
    return {
        "address": spec.name,
        "title": message,
        "description": f"Key `{spec.key}`. Dead letters go to `{spec.dead_letter}`."
        + (" Reserved: nothing uses it yet." if spec.reserved else ""),
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions,
                "topicConfiguration": {"cleanup.policy": cleanup, "retention.ms": spec.retention_ms},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(event: type[Event], version: int) -> Document:
    return {
        "name": event.TYPE,
        "title": _message_id(event, version),
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": envelope.CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {"$ref": f"./schemas/{schema_file(event, version)}"},
    }


def _operations(spec: TopicSpec) -> list[tuple[str, Document]]:
    channel = {"$ref": f"#/channels/{_channel_id(spec)}"}
    sends = [(f"{_name(who)}-sends-{_channel_id(spec)}", "send") for who in spec.producers]
    receives = [(f"{_name(who)}-receives-{_channel_id(spec)}", "receive") for who in spec.consumers]
    return [(name, {"action": action, "channel": channel}) for name, action in sends + receives]


def _name(who: str) -> str:
    return who.removeprefix("external:").replace("_", "-")
