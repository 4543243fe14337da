"""When a provider is announced as down, and when as up."""

from schemas.generation import FailureKind
from schemas.provider import ProviderState
from services.generation.domain.health import Condition, after_failure, after_success


def failed(times: int, kind: FailureKind = FailureKind.OUTAGE) -> Condition:
    condition = Condition()
    for _ in range(times):
        condition = after_failure(condition, kind, "no answer", threshold=3)
    return condition


def test_repeated_outages_take_a_provider_down_with_the_reason() -> None:
    assert failed(2).state is ProviderState.UP
    assert failed(3) == Condition(ProviderState.DOWN, "no answer", 3, announced=False)


def test_a_wrong_configuration_takes_it_down_at_once() -> None:
    assert failed(1, FailureKind.CONFIGURATION).state is ProviderState.DOWN


def test_a_success_between_outages_starts_the_count_anew() -> None:
    condition = after_success(failed(2))
    assert after_failure(condition, FailureKind.OUTAGE, "", threshold=3).state is ProviderState.UP


def test_a_refusal_shows_that_the_provider_answers() -> None:
    condition = after_failure(failed(2), FailureKind.REFUSED, "no", threshold=3)
    assert condition.outages == 0


def test_throttling_says_nothing_about_health() -> None:
    assert failed(9, FailureKind.THROTTLED) == Condition()


def test_a_success_brings_it_up_again_and_is_announced() -> None:
    condition = after_success(failed(3))
    assert (condition.state, condition.announced) == (ProviderState.UP, False)


def test_being_down_is_announced_once() -> None:
    down = failed(3)
    announced = Condition(down.state, down.reason, down.outages, announced=True)
    assert after_failure(announced, FailureKind.OUTAGE, "still", threshold=3).announced
