"""An engine whose processes die where they are told to, and live again until nobody has anything to do."""

from collections.abc import Iterable

from tests.fakes.crashing import Fuse
from tests.fakes.durable import World
from tests.fakes.lives import ENGINE, FREE, Consume, Kind, live
from tests.fakes.stories import group_of, topics_of

Death = tuple[int, bool]
"""At which durable step a life ends, and whether just after it rather than just before."""
#: A claim of the dead holds for so long.
_LEASE_S = 61.0


def engine(worker: Kind = FREE) -> tuple[Kind, ...]:
    """Every service that a film passes, with one kind of worker."""
    return tuple(worker if kind == FREE else kind for kind in ENGINE if kind.service != "gateway")


def outlived(world: World, kinds: Iterable[Kind], deaths: Iterable[Death]) -> None:
    """Let every service live again and again, each life with the next death, until all is done."""
    kinds, left = tuple(kinds), list(deaths)[::-1]
    busy = True
    while busy:
        busy = False
        for kind in kinds:
            ends = {topic: len(world.log[topic]) for topic in topics_of(kind) if world.waiting(group_of(kind), topic)}
            if ends:
                busy = True
                number, after = left.pop() if left else (0, False)
                if not live(kind, world, Consume(ends), Fuse(number, after)):
                    world.clock.advance(_LEASE_S)
