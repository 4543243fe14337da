"""Scoring processes that die, hang or trip: the frame is null with the reason, and the next one is measured."""

import time
from collections.abc import AsyncIterator

import pytest

from schemas.validation import Outcome, Score
from services.chassis.failures import Transient
from services.validation.adapters import scoring_process
from services.validation.adapters.scorers.catalogue import ScorerSettings
from services.validation.adapters.scoring_process import ScoringProcesses
from services.validation.domain.cases import Case
from tests.fakes.dying_scorers import DIE, GOOD, HANG, TRIP, hanging, made

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

_LIMIT_S = 1.0


@pytest.fixture
async def processes() -> AsyncIterator[ScoringProcesses]:
    """One process, which gets a second for a frame."""
    found = ScoringProcesses(ScorerSettings(), 1, _LIMIT_S, made)
    await found.start()
    yield found
    await found.stop()


def told(scores: tuple[Score, ...]) -> tuple[str, Outcome, float | None]:
    (score,) = scores
    return score.check, score.outcome, score.value


async def test_frames_that_trip_kill_or_hang_a_scorer_are_null_with_the_reason_and_the_next_is_measured(
    processes: ScoringProcesses,
) -> None:
    for data, reason in ((TRIP, "MemoryError"), (DIE, "died 2 times"), (HANG, "took more than 1 s")):
        (score,) = await processes.score(Case(data))
        assert (score.check, score.outcome, score.value) == ("toy", Outcome.NOT_MEASURED, None)
        assert reason in score.detail
        # A second is no time on a busy machine; that it is measured again is what counts.
        for _ in range(20):
            again = told(await processes.score(Case(GOOD)))
            if again[1] is Outcome.PASSED:
                break
        assert again == ("toy", Outcome.PASSED, 1.0)


async def test_a_hanging_scorer_does_not_hold_up_the_stop(
    processes: ScoringProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring_process, "_END_S", 0.2)
    (score,) = await processes.score(Case(HANG))
    assert score.value is None
    before = time.monotonic()
    await processes.stop()
    assert time.monotonic() - before < 60
    with pytest.raises(Transient, match="start"):
        await processes.score(Case(GOOD))


async def test_a_model_that_never_loads_stops_the_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_process, "_LOAD_S", 1.0)
    monkeypatch.setattr(scoring_process, "_END_S", 0.2)
    stuck = ScoringProcesses(ScorerSettings(), 1, _LIMIT_S, hanging)
    with pytest.raises(RuntimeError, match="ICE_VALIDATION_SCORERS"):
        await stuck.start()
