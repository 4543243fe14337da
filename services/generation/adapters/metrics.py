"""The worker's metrics, with their kinds and meanings."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.topics import Lane

_CALL_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
_WAIT_SECONDS = (0.01, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0)
_MICROS = 1_000_000


class GenerationMetrics:
    """The metrics of one worker; the provider is the first label of each.

    They are registered with the service's own registry (`register`), since many services may share a process.

    Args:
        provider: that the worker serves.
    """

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._watched: list[Gauge] = []
        # counter: generations answered for the first time, by model and outcome (completed or the kind of failure)
        self._calls = Counter(
            "ice_generation_calls", "Generations answered", ["provider", "model", "outcome"], registry=None
        )
        # counter: what they cost in US dollars; of calls in doubt, what they may have cost
        self._cost = Counter(
            "ice_generation_cost_usd", "Cost in US dollars", ["provider", "model", "outcome"], registry=None
        )
        # histogram: seconds from claim to answer
        self._seconds = Histogram(
            "ice_generation_seconds",
            "From claim to answer",
            ["provider", "model"],
            buckets=_CALL_SECONDS,
            registry=None,
        )
        # histogram: seconds that a call waited for its turn within the vendor's limits, by lane
        self._waits = Histogram(
            "ice_generation_wait_seconds",
            "Waits for a turn",
            ["provider", "lane"],
            buckets=_WAIT_SECONDS,
            registry=None,
        )
        # gauge: calls of the provider that are in doubt, over all workers
        self._in_doubt = Gauge("ice_generation_in_doubt", "Calls in doubt", ["provider"], registry=None)

    def ended(self, model: str, outcome: str, cost_usd_micros: int, seconds: float) -> None:
        """A generation was answered for the first time."""
        self._calls.labels(self._provider, model, outcome).inc()
        self._cost.labels(self._provider, model, outcome).inc(cost_usd_micros / _MICROS)
        self._seconds.labels(self._provider, model).observe(seconds)

    def waited(self, lane: Lane, seconds: float) -> None:
        """A call waited so long for its turn."""
        self._waits.labels(self._provider, lane.value).observe(seconds)

    def in_doubt(self, calls: int) -> None:
        """So many calls are in doubt now."""
        self._in_doubt.labels(self._provider).set(calls)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A gauge that asks `value` whenever it is read."""
        gauge = Gauge(name, text, ["provider"], registry=None)
        gauge.labels(self._provider).set_function(value)
        self._watched.append(gauge)

    def register(self, registry: CollectorRegistry) -> None:
        """Show everything with the service's other metrics."""
        for metric in (self._calls, self._cost, self._seconds, self._waits, self._in_doubt, *self._watched):
            registry.register(metric)
