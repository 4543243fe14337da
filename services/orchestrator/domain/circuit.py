"""A circuit per provider: outages in a row open it, after a cool-down one run is let through, its answer decides.

    closed ── so many outages in a row, or one fault of configuration ──► open ── cool-down ──► half open
       ▲                                                                   ▲                       │ one run probes
       └────────────── any answer, or news that the provider is well ──────┴─── another outage ────┘

This is the orchestrator's own view, from what its runs met; a worker's word (`ProviderHealthChanged`) comes on top.
Times are seconds since 1970 (UTC).
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.base import Model
from schemas.generation import FailureKind

#: Generations whose outage is remembered, so that a repeated message is counted once.
_REMEMBERED = 16
#: The cool-down doubles with every failed probe, up to so many times.
_MOST_DOUBLINGS = 5

_OUTAGES = frozenset({FailureKind.OUTAGE, FailureKind.CONFIGURATION})
#: What says nothing about the provider: nobody asked it, or nobody knows.
_SILENT = frozenset({FailureKind.SUPERSEDED, FailureKind.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class CircuitRules:
    """`outages` in a row that open a circuit; `cool_down_s` before a probe; `probe_s` that a probe may take."""

    outages: int = 3
    cool_down_s: float = 30.0
    probe_s: float = 120.0


class Stand(StrEnum):
    """How a circuit stands for one run at one moment."""

    CLOSED = "closed"
    OPEN = "open"
    PROBED = "probed"
    """Half open, and another run probes."""
    FREE = "free"
    """Half open, and this run may be the probe."""


class Circuit(Model):
    """What the runs met at one provider lately."""

    provider: str
    outages: int = 0
    counted: tuple[str, ...] = ()
    opened: int = 0
    """Times in a row that it opened."""
    opened_at: float = 0.0
    open_until: float = 0.0
    """0 = closed."""
    probe: str | None = None
    """Run that probes."""
    probe_until: float = 0.0
    reason: str = ""
    """The last outage's."""

    @property
    def clean(self) -> bool:
        """Whether nothing speaks against the provider."""
        return not self.outages and not self.open_until

    def stand(self, run_id: str, now: float) -> Stand:
        """How it stands for a run."""
        if not self.open_until:
            return Stand.CLOSED
        if now < self.open_until:
            return Stand.OPEN
        if self.probe is not None and self.probe != run_id and now < self.probe_until:
            return Stand.PROBED
        return Stand.FREE


def after_failure(  # noqa: PLR0913 - what happened, to what, when, by which rules
    circuit: Circuit, generation_id: str, kind: FailureKind, reason: str, now: float, rules: CircuitRules
) -> Circuit:
    """The circuit after a call that failed; the same one when there is nothing to note."""
    if kind in _SILENT or generation_id in circuit.counted:
        return circuit
    if kind not in _OUTAGES:
        return after_answer(circuit)
    changed = circuit.model_copy(
        update={
            "outages": circuit.outages + 1,
            "counted": (*circuit.counted, generation_id)[-_REMEMBERED:],
            "reason": reason[:300],
        }
    )
    enough = changed.outages >= rules.outages or kind is FailureKind.CONFIGURATION or bool(circuit.open_until)
    if not enough or now < circuit.open_until:
        # Calls that were sent before it opened may fail after: they don't make the cool-down longer.
        return changed
    wait = rules.cool_down_s * 2 ** min(circuit.opened, _MOST_DOUBLINGS)
    return changed.model_copy(
        update={"opened": circuit.opened + 1, "opened_at": now, "open_until": now + wait, "probe": None}
    )


def after_answer(circuit: Circuit) -> Circuit:
    """The circuit after a call to which the provider gave any answer: closed."""
    if circuit.clean:
        return circuit
    return Circuit(provider=circuit.provider, counted=circuit.counted)


def after_good_news(circuit: Circuit, noticed_at: float) -> Circuit:
    """The circuit after a worker's word, noticed at that time, that its provider is well."""
    return after_answer(circuit) if noticed_at > circuit.opened_at else circuit


def probed_by(circuit: Circuit, run_id: str, now: float, rules: CircuitRules) -> Circuit | None:
    """The circuit with this run as its probe; None when it may not be."""
    if circuit.stand(run_id, now) is not Stand.FREE:
        return None
    return circuit.model_copy(update={"probe": run_id, "probe_until": now + rules.probe_s})
