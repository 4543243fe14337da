"""A whole engine in which any process may die at any step, any number of times: every shot still ends, paid once."""

from collections import Counter
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans, integers, lists, sampled_from, tuples

from schemas import topics
from schemas.vocabulary import FramePlan
from services.generation.domain.ledger import State
from tests.fakes.conditioning import character, defined, planned, project
from tests.fakes.crashing import Fuse
from tests.fakes.durable import World
from tests.fakes.lives import ENGINE, FREE, PAID, POLLED, Consume, Kind, live
from tests.fakes.outcomes import ledger
from tests.fakes.stories import group_of, topics_of

pytestmark = pytest.mark.timeout(600)
Death = tuple[int, bool]
#: A claim of the dead holds for so long.
_LEASE_S = 61.0


def engine(worker: Kind) -> tuple[Kind, ...]:
    return tuple(worker if kind == FREE else kind for kind in ENGINE if kind.service != "gateway")


def played(worker: Kind, deaths: list[Death]) -> World:
    """A film of three runs, each life of a process with the next death, until nobody has anything to do."""
    world, left = World(), list(reversed(deaths))
    small = project(width=96, height=64)
    world.publish(
        planned("one", settings=small, cast=["radha"]),
        planned("two", settings=small, frames=FramePlan.START_END, continuity_from="one"),
        defined(character("radha")),
    )
    busy = True
    while busy:
        busy = False
        for kind in engine(worker):
            ends = {topic: len(world.log[topic]) for topic in topics_of(kind) if world.waiting(group_of(kind), topic)}
            if ends:
                busy = True
                number, after = left.pop() if left else (0, False)
                if not live(kind, world, Consume(ends), Fuse(number, after)):
                    world.clock.advance(_LEASE_S)
    return world


def ids(world: World, topic: str) -> set[str]:
    return {record.event_id for record in world.log[topic]}


@cache
def undisturbed(worker: Kind) -> frozenset[str]:
    return frozenset(ids(played(worker, []), topics.KEYFRAME_READY))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sampled_from([FREE, PAID, POLLED]), lists(tuples(integers(min_value=0, max_value=25), booleans()), max_size=30))
def test_whoever_dies_and_whenever_every_shot_ends_and_nothing_is_paid_twice(worker: Kind, deaths: list[Death]) -> None:
    assert len(undisturbed(worker)) == 3
    world = played(worker, deaths)
    entries = ledger(world)
    doubted = {entry.generation_id for entry in entries.values() if entry.in_doubt}
    if worker is FREE:
        assert doubted == set()
    else:
        assert max(Counter(world.books.bills).values(), default=0) <= 1
    assert all(entry.state is State.DONE or entry.generation_id in doubted for entry in entries.values())
    if doubted:
        # A run in doubt is held for a person, and what continues it waits; nothing else is made in its place.
        assert ids(world, topics.KEYFRAME_READY) < undisturbed(worker)
    else:
        assert ids(world, topics.KEYFRAME_READY) == undisturbed(worker)
    assert not any(topic.endswith(topics.DEAD_LETTER_SUFFIX) for topic, records in world.log.items() if records)
