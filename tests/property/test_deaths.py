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
from tests.fakes.durable import World
from tests.fakes.lives import FREE, PAID, POLLED, Kind
from tests.fakes.mortal import Death, engine, outlived
from tests.fakes.outcomes import ledger

pytestmark = pytest.mark.timeout(600)


def played(worker: Kind, deaths: list[Death]) -> World:
    """A film of three runs, each life of a process with the next death, until nobody has anything to do."""
    world = World()
    small = project(width=96, height=64)
    world.publish(
        planned("one", settings=small, cast=["radha"]),
        planned("two", settings=small, frames=FramePlan.START_END, continuity_from="one"),
        defined(character("radha")),
    )
    outlived(world, engine(worker), deaths)
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
