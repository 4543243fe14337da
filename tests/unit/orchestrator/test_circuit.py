"""A provider's circuit: opens after outages in a row, lets one run through, closes with an answer."""

import pytest

from schemas.generation.v1 import FailureKind
from services.orchestrator.domain.circuit import (
    Circuit,
    CircuitRules,
    Stand,
    after_answer,
    after_failure,
    after_good_news,
    probed_by,
)

RULES = CircuitRules(outages=3, cool_down_s=30, probe_s=120)
NEW = Circuit(provider="paint")


def failing(circuit: Circuit, times: int, *, now: float = 0.0, first: int = 0) -> Circuit:
    for number in range(first, first + times):
        circuit = after_failure(circuit, f"g{number}", FailureKind.OUTAGE, "503", now, RULES)
    return circuit


def test_it_opens_at_the_third_outage_in_a_row() -> None:
    assert failing(NEW, 2).stand("run", 0) is Stand.CLOSED
    opened = failing(NEW, 3)
    assert opened.stand("run", 29.9) is Stand.OPEN
    assert (opened.open_until, opened.reason) == (30, "503")


def test_an_answer_between_starts_the_count_anew() -> None:
    assert failing(after_answer(failing(NEW, 2)), 2, first=2).stand("run", 0) is Stand.CLOSED


def test_a_repeated_message_is_counted_once() -> None:
    assert failing(failing(NEW, 2), 2).outages == 2


def test_a_fault_of_configuration_opens_it_at_once() -> None:
    found = after_failure(NEW, "g", FailureKind.CONFIGURATION, "401", 0, RULES)
    assert found.stand("run", 1) is Stand.OPEN


@pytest.mark.parametrize("kind", [FailureKind.IN_DOUBT, FailureKind.SUPERSEDED])
def test_what_says_nothing_about_the_provider_changes_nothing(kind: FailureKind) -> None:
    opened = failing(NEW, 3)
    assert after_failure(opened, "late", kind, "?", 10, RULES) is opened


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.THROTTLED, FailureKind.INVALID_REQUEST])
def test_any_answer_closes_it(kind: FailureKind) -> None:
    assert after_failure(failing(NEW, 3), "late", kind, "no", 10, RULES).clean


def test_after_the_cool_down_one_run_may_try_and_no_other_until_its_time_is_over() -> None:
    opened = failing(NEW, 3)
    assert probed_by(opened, "mine", 29, RULES) is None
    probing = probed_by(opened, "mine", 30, RULES)
    assert probing is not None
    assert probing.stand("mine", 40) is Stand.FREE
    assert probing.stand("other", 40) is Stand.PROBED
    assert probed_by(probing, "other", 40, RULES) is None
    assert probing.stand("other", 150) is Stand.FREE


def test_a_probe_that_fails_doubles_the_cool_down_up_to_a_bound() -> None:
    circuit, now = failing(NEW, 3), 0.0
    waits = []
    for number in range(10, 18):
        waits.append(circuit.open_until - now)
        now = circuit.open_until
        circuit = failing(circuit, 1, now=now, first=number)
    assert waits == [30, 60, 120, 240, 480, 960, 960, 960]


def test_calls_sent_before_it_opened_do_not_make_the_cool_down_longer() -> None:
    opened = failing(NEW, 3)
    assert failing(opened, 5, now=20, first=3).open_until == opened.open_until


def test_a_workers_good_news_closes_it_unless_it_is_older_than_the_outage() -> None:
    opened = failing(NEW, 3, now=100.0)
    assert after_good_news(opened, 99.0) is opened
    assert after_good_news(opened, 101.0).clean
