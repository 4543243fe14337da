"""What the gateway needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from schemas.base import Event


class EventPublisher(Protocol):
    """Publishes a person's decisions."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Returns when the broker has acknowledged every event.

        Raises:
            Transient: the broker is away; nothing was promised to the caller yet.
        """
        ...


class LinkMaker(Protocol):
    """Makes short-lived links to objects."""

    async def presign(self, uri: str, expires_s: int) -> str:
        """An address that serves the object for `expires_s` seconds (up to 3,600).

        Raises:
            ValueError: the object is not in our store.
        """
        ...
