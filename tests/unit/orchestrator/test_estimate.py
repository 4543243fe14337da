"""What a film will cost, per model, before anything is sent."""

from datetime import date
from typing import Any

import pytest

from schemas.project import Budget
from schemas.run import RunContext
from services.orchestrator.domain.estimate import Estimate, estimate
from tests import builders
from tests.fakes.orchestration import TODAY, catalogue, context


def film(count: int = 10, **shot: Any) -> list[RunContext]:
    settings = builders.project(budget=Budget(max_attempts=4, max_cost_usd_micros=120_000))
    return [context(settings=settings, shot_id=f"sh{number:04}", **shot) for number in range(count)]


def of(found: tuple[Estimate, ...], model: str) -> Estimate:
    return next(item for item in found if item.model == model)


def test_low_expected_and_high_follow_from_prices_retakes_and_the_runs_budget() -> None:
    found = of(estimate(film(), catalogue(cost_spread=(0.5, 2.0), free=False), today=TODAY, retakes=0.2), "alpha")
    assert (found.frames, found.makes) == (10, 10)
    assert (found.low, found.expected, found.high) == (250_000, 600_000, 1_200_000)


def test_takes_to_choose_from_are_paid_for_as_far_as_the_attempts_go() -> None:
    cards = catalogue(cost_spread=(0.5, 2.0), free=False)
    found = of(estimate(film(takes=3), cards, today=TODAY, retakes=0.2), "alpha")
    assert (found.low, found.expected) == (750_000, 1_600_000)
    assert of(estimate(film(takes=8), cards, today=TODAY, retakes=0.0), "alpha").expected == 2_000_000


def test_models_that_make_more_of_the_film_come_first_then_the_cheaper() -> None:
    frames = [*film(2), *film(1, width=768, height=512)]
    found = estimate(frames, catalogue(), today=TODAY)
    assert [(item.model, item.makes) for item in found] == [("previz", 3), ("alpha", 3), ("beta", 2)]
    assert found[2].reasons == ("768x512: makes 1024x576, 1024x1024 only",)


def test_a_free_model_costs_nothing() -> None:
    found = of(estimate(film(), catalogue(), today=TODAY), "previz")
    assert (found.low, found.expected, found.high) == (0, 0, 0)


def test_a_retired_model_makes_nothing_and_names_its_successor() -> None:
    gone = catalogue("alpha", retires=date(2026, 1, 1), successor="gamma")
    (found,) = estimate(film(), gone, today=TODAY)
    assert (found.makes, found.reasons) == (0, ("retired on 2026-01-01, use gamma",))


def test_a_share_of_retakes_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"retakes: -0\.1, allowed is a share from 0 on"):
        estimate(film(), catalogue(), today=TODAY, retakes=-0.1)
