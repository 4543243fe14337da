"""When a run may ask again whom it asked in vain: pauses per model and per provider, and what is worth waiting for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.generation import FailureKind
from services.orchestrator.domain.state import Attempt, Run

#: Calls of a throttled model within one take before the next model is asked.
THROTTLED_TRIES = 2
#: Outages of one provider that double a run's pause.
_MOST_DOUBLINGS = 4

_PROVIDER_FAULTS = frozenset({FailureKind.OUTAGE, FailureKind.CONFIGURATION})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long runs wait, in seconds.

    Attributes:
        model_s: for a model that can be asked, before the run ends without one.
        look_s: between two looks while nobody says when a model is back.
        throttle_s: longest that a throttled model is waited for before the next model is asked.
        throttle_pause_s: pause after throttling when the vendor names none.
        outage_s: pause of a run at a provider that failed it; doubles with each time.
        in_doubt_s: for certainty or a person's word on a call in doubt.
        review_s: for a person's word on the best failed attempt where approval is automatic; 0 = nobody is asked.
    """

    model_s: float = 3600.0
    look_s: float = 15.0
    throttle_s: float = 30.0
    throttle_pause_s: float = 2.0
    outage_s: float = 30.0
    in_doubt_s: float = 86_400.0
    review_s: float = 86_400.0


DEFAULT_PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Pause:
    """Not before `until` (seconds since 1970), for `reason`."""

    until: float
    reason: str

    @property
    def text(self) -> str:
        """For people."""
        return f"{self.reason}; asked again from {moment(self.until)}"


def moment(seconds: float) -> str:
    """A time for people: `06:15:00 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")


def model_pauses(run: Run, now: float, patience: Patience) -> Mapping[str, Pause]:
    """Pauses of throttled models, by model; a new take forgets those of the takes before."""
    throttled = [item for item in run.attempts if item.kind is FailureKind.THROTTLED and item.take == run.take]
    counts = Counter(item.model for item in throttled)
    found = {}
    for item in throttled:
        known = _retry_at(item, patience)
        # Asked often enough: others first, and not at once again when there is nobody else.
        until = max(known, (item.ended_at or 0.0) + patience.throttle_s) if _tired(counts[item.model]) else known
        if until > now:
            found[item.model] = Pause(until, f"throttled {counts[item.model]} time(s): {item.reason}"[:300])
    return found


def provider_pauses(run: Run, now: float, patience: Patience) -> Mapping[str, Pause]:
    """Pauses of providers that failed the run, by provider."""
    faults = [item for item in run.attempts if item.kind in _PROVIDER_FAULTS]
    counts: Counter[str] = Counter()
    found = {}
    for item in faults:
        doublings = min(counts[item.provider], _MOST_DOUBLINGS)
        counts[item.provider] += 1
        until = (item.ended_at or 0.0) + max(item.retry_after_s or 0.0, patience.outage_s * 2**doublings)
        if until > now:
            found[item.provider] = Pause(until, f"{item.model}: {item.outcome}: {item.reason}"[:300])
    return found


def short_throttle(run: Run, now: float, patience: Patience) -> Pause | None:
    """The pause of the model that was asked last, when it is short enough to wait for it; else None."""
    last = run.attempts[-1] if run.attempts else None
    if last is None or last.kind is not FailureKind.THROTTLED or last.take != run.take:
        return None
    tries = sum(item.model == last.model and item.kind is last.kind for item in _of_take(run))
    until = _retry_at(last, patience)
    if _tired(tries) or until - (last.ended_at or 0.0) > patience.throttle_s or until <= now:
        return None
    return Pause(until, f"{last.model} is throttled: {last.reason}"[:300])


def _of_take(run: Run) -> Iterable[Attempt]:
    return (item for item in run.attempts if item.take == run.take)


def _tired(tries: int) -> bool:
    return tries >= THROTTLED_TRIES


def _retry_at(item: Attempt, patience: Patience) -> float:
    wait = patience.throttle_pause_s if item.retry_after_s is None else item.retry_after_s
    return (item.ended_at or 0.0) + wait
