"""Money in the read model: every call counts once, in all and in each grouping; doubt is told apart from fact."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Event
from schemas.generation import FailureKind, GenerationFailed, GenerationRequested
from services.gateway.domain.costs import costs_of
from services.gateway.handlers import Handlers
from services.gateway.read_model import NotFoundError, ReadModel
from tests import builders
from tests.fakes.documents import FakeDocuments
from tests.unit.gateway.test_domain import received


async def reading(events: Sequence[Event]) -> ReadModel:
    documents = FakeDocuments()
    await Handlers(documents).project([received(event, index) for index, event in enumerate(events)])
    return ReadModel(documents)


def asked(attempt: int) -> GenerationRequested:
    return builders.generation_requested(attempt=attempt, estimated_cost_usd_micros=53_000)


def doubtful(of: GenerationRequested) -> GenerationFailed:
    return builders.generation_failed(
        of,
        kind=FailureKind.IN_DOUBT,
        charged=None,
        cost_usd_micros=53_000,
        provider_job_id="job-7",
        sent_at="2026-11-23T09:30:00Z",
    )


def run_of_three() -> list[Event]:
    """A paid failure, a call in doubt, a made image."""
    first, second, third = (asked(attempt) for attempt in (1, 2, 3))
    return [
        builders.planned(),
        first,
        builders.generation_failed(first, kind=FailureKind.UNUSABLE_IMAGE, charged=True, cost_usd_micros=40_000),
        second,
        doubtful(second),
        third,
        builders.generation_completed(third, cost_usd_micros=50_000),
    ]


async def test_spent_and_perhaps_spent_are_told_apart() -> None:
    costs = await (await reading(run_of_three())).costs("vrindavan")
    assert (costs["spent_usd_micros"], costs["possible_usd_micros"]) == (90_000, 53_000)
    assert [costs[name] for name in ("calls", "made", "failed", "in_doubt")] == [3, 1, 1, 1]


async def test_a_call_in_doubt_is_listed_with_all_that_finds_it_on_the_vendors_bill() -> None:
    (call,) = await (await reading(run_of_three()[:5])).in_doubt()
    assert call["generation_id"] == asked(2).generation_id
    assert (call["possible_cost_usd_micros"], call["vendor_job_id"]) == (53_000, "job-7")
    assert call["sent_at"].startswith("2026-11-23T09:30:00")
    assert call["run_status"] == "held"


async def test_a_run_that_went_on_leaves_its_doubt_on_the_list() -> None:
    (call,) = await (await reading(run_of_three())).in_doubt("vrindavan")
    assert call["run_status"] == "validating"


@pytest.mark.parametrize("order", [(3, 4, 5), (5, 4, 3), (4, 5, 3)])
async def test_a_later_certain_answer_takes_a_call_off_the_list_in_any_order(order: tuple[int, ...]) -> None:
    second = asked(2)
    events = [*run_of_three()[:5], builders.generation_failed(second, kind=FailureKind.REFUSED)]
    model = await reading([*events[:3], *(events[index] for index in order)])
    assert await model.in_doubt() == []
    assert (await model.costs("vrindavan"))["possible_usd_micros"] == 0


async def test_nothing_in_doubt_is_an_empty_list() -> None:
    model = await reading([builders.planned()])
    assert await model.in_doubt("vrindavan") == []
    with pytest.raises(NotFoundError):
        await model.in_doubt("nobody")


async def test_a_repeat_costs_nothing() -> None:
    once, twice = await reading(run_of_three()), await reading([*run_of_three(), *run_of_three()])
    assert await once.costs("vrindavan") == await twice.costs("vrindavan")


ends = st.fixed_dictionaries(
    {},
    optional={
        word: st.fixed_dictionaries({"cost_usd_micros": st.integers(0, 10**9)})
        for word in ("completed", "failed", "doubted")
    },
)
calls = st.builds(lambda end, model: {"provider": "p", "model": model, **end}, ends, st.sampled_from("abc"))
runs = st.builds(
    lambda shot, scene, found: {"shot_id": shot, "scene_id": scene, "generations": found},
    st.sampled_from([f"sh{index}" for index in range(5)]),
    st.sampled_from(["s1", "s2"]),
    st.dictionaries(st.uuids().map(str), calls, max_size=6),
)


@given(st.lists(runs, max_size=8))
def test_every_grouping_adds_up_to_the_total(found: list[dict[str, object]]) -> None:
    costs = costs_of(found)
    for grouping in ("by_model", "by_scene", "dearest_shots"):
        for name in ("calls", "made", "failed", "in_doubt", "spent_usd_micros", "possible_usd_micros"):
            assert sum(row[name] for row in costs[grouping]) == costs[name]
