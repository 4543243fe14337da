"""Every event by type, and the steps that lift an old version's body to the latest.

An upcast takes the dict of version N and returns the dict of version N+1. `decode` applies them in order before
validation, so that the rest of the code meets the latest version only.

A downcast goes the other way, from version N to N-1, while readers of the older version are still about: as long as it
is registered, publishers send the older body too (docs/upgrading.md).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from schemas.base import Event

Body = dict[str, Any]
Upcast = Callable[[Body], Body]
Downcast = Callable[[Body], Body]

_BEYOND = 2**63
_MOST_DIGITS = 20


class UnreadableEventError(ValueError):
    """The bytes can't become the event that the topic carries. Poison: no retry will change it."""


class NewerVersionError(Exception):
    """The body is of a version this reader doesn't know yet: halt and upgrade, never dead-letter good data."""


class Registry:
    """Event classes by `TYPE`, latest version only, with complete upcasts from version 1.

    Args:
        events: the classes.
        upcasts: by type and the version that they take.
        downcasts: by type and the version that they take; without gaps from the latest version down.
    """

    def __init__(
        self,
        events: tuple[type[Event], ...],
        upcasts: Mapping[tuple[str, int], Upcast],
        downcasts: Mapping[tuple[str, int], Downcast] | None = None,
    ) -> None:
        self._events = {event.TYPE: event for event in events}
        if len(self._events) != len(events):
            raise ValueError("two events share one TYPE")
        self._upcasts = dict(upcasts)
        for event in events:
            missing = [n for n in range(1, event.VERSION) if (event.TYPE, n) not in self._upcasts]
            if missing:
                raise ValueError(f"{event.TYPE}: no upcast from version(s) {missing}")
        self._downcasts = dict(downcasts or {})
        reached = {(cls.TYPE, version) for cls in events for version in self._versions_published(cls)}
        astray = sorted(self._downcasts.keys() - reached)
        if astray:
            raise ValueError(f"downcasts {astray}: allowed is a row without gaps from the latest version down to 2")

    def __iter__(self) -> Any:  # noqa: ANN401 - iterator of event classes
        return iter(self._events.values())

    def event(self, event_type: str) -> type[Event]:
        """The class of an event type; KeyError names the type that is unknown."""
        return self._events[event_type]

    def older_bodies(self, event: Event) -> Iterator[tuple[int, Body]]:
        """The event in the older versions that are still published, newest first: version and body."""
        body: Body | None = None
        for version in self._versions_published(type(event)):
            body = event.model_dump(mode="json", by_alias=True) if body is None else body
            body = self._downcasts[event.TYPE, version](body)
            yield version - 1, body

    def _versions_published(self, cls: type[Event]) -> Iterator[int]:
        """Versions that are downcast, from the latest on."""
        version = cls.VERSION
        while version > 1 and (cls.TYPE, version) in self._downcasts:
            yield version
            version -= 1

    def decode(self, event_type: str, version: int, value: bytes | None) -> Event:
        """The latest form of an event from its bytes.

        Raises:
            UnreadableEventError: no bytes, not UTF-8 JSON, not an object, or a field is wrong (each is named).
            NewerVersionError: `version` is above the one known here.
        """
        cls = self._events.get(event_type)
        if cls is None:
            raise UnreadableEventError(f"type: {event_type!r} is not an event of this engine")
        if version > cls.VERSION:
            raise NewerVersionError(
                f"{event_type} version {version} is newer than {cls.VERSION}, the latest this service knows: "
                "upgrade the service, then start it again; nothing is lost meanwhile"
            )
        body = _json_object(value)
        for step in range(version, cls.VERSION):
            body = self._upcasts[event_type, step](body)
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise UnreadableEventError(describe_validation(error)) from error


def _whole_number(digits: str) -> int:
    """No field of ours needs more than 64 bits, and no database holds more."""
    if len(digits) > _MOST_DIGITS or not -_BEYOND <= int(digits) < _BEYOND:
        shown = digits if len(digits) <= _MOST_DIGITS else f"{digits[:_MOST_DIGITS]}… ({len(digits)} digits)"
        raise ValueError(f"whole number {shown}; allowed is {-_BEYOND} to {_BEYOND - 1}")
    return int(digits)


def _json_object(value: bytes | None) -> Body:
    if not value:
        raise UnreadableEventError("value: empty, allowed is a JSON object")
    try:
        body = json.loads(value, parse_int=_whole_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UnreadableEventError(f"value: not UTF-8 JSON ({error}); it starts {value[:64]!r}") from error
    if not isinstance(body, dict):
        raise UnreadableEventError(f"value: a JSON {type(body).__name__}, allowed is an object")
    return body


def describe_validation(error: ValidationError) -> str:
    """One line per mistake: field path, value (shortened), what is allowed."""
    lines = []
    for item in error.errors(include_url=False):
        path = field_path(item["loc"]) or "(whole)"
        lines.append(f"{path}: {_short(item.get('input'))}: {item['msg']}")
    return "; ".join(lines)


def field_path(loc: Iterable[int | str]) -> str:
    """Where a mistake is, as people write it: pydantic also names the branch of a type that it tried there."""
    return ".".join(str(part) for part in loc if "[" not in str(part))


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
