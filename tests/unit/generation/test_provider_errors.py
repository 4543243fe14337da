"""Each error says what the router is told and whether it was charged."""

import pytest

from schemas.generation import FailureKind
from services.generation.domain import outcomes
from services.generation.providers import errors
from services.generation.providers.errors import ProviderError
from tests.fakes.requests import a_request


@pytest.mark.parametrize(
    ("error", "kind", "charged"),
    [
        (errors.Refused("no"), FailureKind.REFUSED, False),
        (errors.PromptTooLong("77 tokens"), FailureKind.PROMPT_TOO_LONG, False),
        (errors.Throttled("slow", retry_after_s=3), FailureKind.THROTTLED, False),
        (errors.Outage("away"), FailureKind.OUTAGE, False),
        (errors.InvalidRequest("size"), FailureKind.INVALID_REQUEST, False),
        (errors.UnusableImage("broken"), FailureKind.UNUSABLE_IMAGE, True),
        (errors.Configuration("key"), FailureKind.CONFIGURATION, False),
        (errors.OutcomeUnknown("timed out"), FailureKind.IN_DOUBT, None),
        (errors.Refused("late", charged=True), FailureKind.REFUSED, True),
    ],
)
def test_an_error_becomes_an_event_of_its_kind(error: ProviderError, kind: FailureKind, charged: bool | None) -> None:
    event = outcomes.failed(a_request(estimated_cost_usd_micros=500), error)
    assert (event.kind, event.charged, event.retry_after_s) == (kind, charged, error.retry_after_s)
    assert event.cost_usd_micros == (0 if charged is False else 500)


def test_a_known_cost_is_not_replaced_by_the_estimate() -> None:
    event = outcomes.failed(
        a_request(estimated_cost_usd_micros=500), errors.UnusableImage("blank", cost_usd_micros=120)
    )
    assert event.cost_usd_micros == 120


def test_every_failure_kind_of_a_provider_has_an_error() -> None:
    kinds = {cls.kind for cls in ProviderError.__subclasses__()}
    assert kinds == set(FailureKind) - {FailureKind.SUPERSEDED}


def test_a_vendors_words_are_cleaned_before_they_enter_an_event() -> None:
    event = outcomes.failed(a_request(), errors.Outage("bad\x00\x1b[31m" + "x" * 9000))
    assert event.reason.startswith("bad  [31mx")
    assert len(event.reason) == 1000
