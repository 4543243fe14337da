"""Who is painted together: compatible orders, as many as fit, within a budget of waiting. Pure; the time is given.

The oldest order decides. Its batch goes when it is full or when the oldest has waited its budget; a full batch of
younger orders may go before that. While the painter is busy orders gather by themselves, so the budget is only ever
waited for by a painter that is idle.
"""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ticket:
    """One order that waits.

    Attributes:
        order_id: of the order.
        key: orders of the same key can be painted in one batch.
        since: seconds on any clock that only goes forward.
        adapters: that it needs; a batch loads those of all its orders.
    """

    order_id: str
    key: Hashable
    since: float
    adapters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """How batches are made.

    Attributes:
        most: orders in a batch, from 1.
        wait_s: longest that an order waits for company while the painter is idle.
        adapters: different ones in a batch; an order that needs more goes with those only that need no other.
    """

    most: int
    wait_s: float
    adapters: int

    def __post_init__(self) -> None:
        if self.most < 1 or self.wait_s < 0 or self.adapters < 1:
            raise ValueError(f"terms: {self}, allowed are most from 1, wait_s from 0 and adapters from 1 on")


class Batcher:
    """Orders that wait, oldest first."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._waiting: dict[str, Ticket] = {}
        self._fits: dict[Hashable, int] = {}

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def add(self, ticket: Ticket) -> None:
        """One more waits.

        Raises:
            ValueError: its id waits already.
        """
        if ticket.order_id in self._waiting:
            raise ValueError(f"order_id: {ticket.order_id!r} waits already, allowed is each order once")
        self._waiting[ticket.order_id] = ticket

    def drop(self, order_id: str) -> bool:
        """It isn't wanted any more; False when it doesn't wait here."""
        return self._waiting.pop(order_id, None) is not None

    def shrink(self, key: Hashable, most: int) -> None:
        """Memory allows no more than `most` orders of this key at once; the limit never grows again."""
        self._fits[key] = max(1, min(most, self._most(key)))

    def take(self, now: float) -> tuple[str, ...]:
        """The next batch, oldest first; empty when none is due. What is taken waits no more."""
        for oldest in self._waiting.values():
            batch = self._mates(oldest)
            if now >= oldest.since + self._terms.wait_s or self._is_full(oldest, batch):
                for ticket in batch:
                    del self._waiting[ticket.order_id]
                return tuple(ticket.order_id for ticket in batch)
        return ()

    def due_at(self) -> float | None:
        """When the next batch is due if nothing more comes; None when nobody waits."""
        first = next(iter(self._waiting.values()), None)
        if first is None:
            return None
        full = any(self._is_full(ticket, self._mates(ticket)) for ticket in self._waiting.values())
        return first.since if full else first.since + self._terms.wait_s

    def _most(self, key: Hashable) -> int:
        return self._fits.get(key, self._terms.most)

    def _is_full(self, oldest: Ticket, batch: list[Ticket]) -> bool:
        return len(batch) >= self._most(oldest.key)

    def _mates(self, oldest: Ticket) -> list[Ticket]:
        """The order itself and those that can be painted with it, oldest first: a younger one may fill a batch too."""
        batch, adapters = [oldest], oldest.adapters
        for ticket in self._waiting.values():
            if len(batch) >= self._most(oldest.key):
                break
            together = adapters | ticket.adapters
            fits = len(together) <= max(self._terms.adapters, len(oldest.adapters))
            if ticket is not oldest and ticket.key == oldest.key and fits:
                batch.append(ticket)
                adapters = together
        chosen = {ticket.order_id for ticket in batch}
        return [ticket for ticket in self._waiting.values() if ticket.order_id in chosen]
