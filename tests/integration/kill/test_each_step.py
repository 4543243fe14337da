"""Every handler of every service, killed after each of its durable steps, and before it.

Nothing here names a handler: the tables of the services are walked, and each topic, sweep and start must have a case
in `tests/fakes/stories.py` or a golden example. What counts as a step: every read and write of a document or an object,
every call and poll of the vendor, every event acknowledged, every commit.
"""

from collections.abc import Iterator

import pytest

from schemas import topics
from services.generation.domain.ledger import Entry, State
from tests.fakes.crashing import Fuse
from tests.fakes.durable import World
from tests.fakes.lives import KINDS, Consume, Kind, Turn, live
from tests.fakes.outcomes import ledger, outcome
from tests.fakes.stories import ELSEWHERE, TRACELESS, Case, cases, sources

#: What a sweep has settled and nobody confirmed is announced again after 30 s.
_AGAIN_S = 61.0
_FEW = 3
pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_everything_that_sets_a_service_in_motion_has_a_case_with_an_effect(kind: Kind) -> None:
    shown = {source for case in cases(kind) if case.effective for source in case.sources}
    missing = sorted(set(sources(kind)) - shown - TRACELESS - ELSEWHERE)
    assert missing == [], f"{kind}: no case shows {missing}; add a turn to tests/fakes/stories.py, or a golden example"


@pytest.mark.parametrize("after", [True, False], ids=["after-the-step", "before-the-step"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_killed_at_any_step_nothing_is_lost_or_doubled(kind: Kind, *, after: bool) -> None:
    for case in cases(kind):
        for number in range(1, len(case.steps) + 1):
            _check(case, Fuse(number, after))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_killed_twice_nothing_is_lost_or_doubled(kind: Kind) -> None:
    for case in cases(kind):
        for first, second in _pairs(len(case.steps)):
            _check(case, Fuse(first, after=True), Fuse(second, after=True))


def _pairs(steps: int) -> Iterator[tuple[int, int]]:
    """All where there are few; of many, those that die at the same step again, or at the very end."""
    for first in range(1, steps + 1):
        for second in range(1, steps + 1) if steps <= _FEW else sorted({first, steps}):
            yield first, second


def _check(case: Case, *fuses: Fuse) -> None:
    """Kill one life after the other, let the last one live, and compare with a life that nobody killed."""
    kind, world = case.kind, case.before.copy()
    deaths = []
    for fuse in fuses:
        if not live(kind, world, case.trigger, fuse):
            deaths.append(f"{'after' if fuse.after else 'before'} {fuse.steps[fuse.number - 1]} (step {fuse.number})")
            world.clock.advance(_AGAIN_S if isinstance(case.trigger, Turn) else kind.lease_s)
    # A second life may have less to do than the first, and end well before its death.
    assert deaths, f"{case}: nobody died, steps were {fuses[0].steps}"
    # Steps taken together are begun together: the one after the last may have been begun too.
    number = fuses[0].number
    assert tuple(fuses[0].steps[:number]) == case.steps[:number], f"{case}: another life took other steps"
    said = f"{case}, killed {' and '.join(deaths)}; its steps: {', '.join(case.steps)}"
    dead = world.copy()
    for life in ("the next life", "a repeat of all"):
        if life == "a repeat of all" and isinstance(case.trigger, Consume):
            world.committed = dict(case.before.committed)
        assert live(kind, world, case.trigger), said
        told = f"{said}: {life}"
        _paid_once(case, world, told)
        doubted = _in_doubt(dead)
        if doubted is None:
            assert outcome(case.before, world, claims=bool(kind.lease_s)) == case.wanted, told
        else:
            _held(case, world, doubted, told)


def _paid_once(case: Case, world: World, told: str) -> None:
    if not case.kind.vendor.get("free", True):
        twice = {bill for bill in world.books.bills if world.books.bills.count(bill) > 1}
        assert twice == set(), f"{told}: paid twice"


def _in_doubt(dead: World) -> Entry | None:
    """The call that must be in doubt after this death: sent as far as is known, with no job to ask for and no image."""
    for entry in ledger(dead).values():
        sent = entry.state is State.SENDING and not entry.free and entry.vendor_job_id is None
        stored = [item["body"]["asset"]["uri"].removeprefix("s3://ice/") for item in entry.pending]
        if sent and not (stored and dead.objects.objects.keys() >= set(stored)):
            return entry
    return None


def _held(case: Case, world: World, doubted: Entry, told: str) -> None:
    """The call isn't made again; it is told as in doubt and stays listed with what it may have cost."""
    entry = ledger(world)[doubted.generation_id]
    assert (entry.in_doubt, entry.estimated_cost_usd_micros) == (True, doubted.estimated_cost_usd_micros), told
    assert world.books.bills.count(entry.generation_id) <= 1, told
    found = outcome(case.before, world, claims=True)
    (failed,) = found.published[topics.GENERATION_FAILED].values()
    assert (failed["generation_id"], failed["kind"]) == (entry.generation_id, "in-doubt"), told
    assert set(found.published) == {topics.GENERATION_FAILED}, told
    assert found.committed == case.after.committed, told
