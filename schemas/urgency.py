"""Which events somebody waits for more than for others: told by the shot, on every event of its way."""

from schemas.run import ChainEvent
from schemas.shot import ShotPlanned
from schemas.topics import Lane


def is_express(event: ShotPlanned | ChainEvent) -> bool:
    """Whether the event's shot takes the express lane, by its priority."""
    lane = event.shot.lane if isinstance(event, ShotPlanned) else event.run.lane
    return lane is Lane.EXPRESS
