"""When a provider counts as down, and when as up again."""

from dataclasses import dataclass, replace

from schemas.generation import FailureKind
from schemas.provider import ProviderState


@dataclass(frozen=True, slots=True)
class Condition:
    """What is known of the provider.

    Attributes:
        state: as announced, or to be announced.
        reason: why, for people.
        outages: in a row.
        announced: whether the state has been published.
    """

    state: ProviderState = ProviderState.UP
    reason: str = ""
    outages: int = 0
    announced: bool = True


def after_success(condition: Condition) -> Condition:
    """A call, or a probe, worked."""
    if condition.state is ProviderState.UP:
        return replace(condition, outages=0)
    return Condition(state=ProviderState.UP, reason="works again", announced=False)


def after_failure(condition: Condition, kind: FailureKind, reason: str, threshold: int) -> Condition:
    """A call failed. `threshold` outages in a row, or one wrong configuration, take the provider down.

    Refusals, bad requests and the like say that the provider answers: they end a row of outages.
    """
    if kind is FailureKind.THROTTLED:
        return condition
    if kind not in {FailureKind.OUTAGE, FailureKind.CONFIGURATION}:
        return replace(condition, outages=0) if condition.state is ProviderState.UP else condition
    outages = condition.outages + 1
    down = kind is FailureKind.CONFIGURATION or outages >= threshold
    if down and condition.state is not ProviderState.DOWN:
        return Condition(state=ProviderState.DOWN, reason=reason, outages=outages, announced=False)
    return replace(condition, outages=outages)
