"""`Gauges` for Prometheus."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from services.orchestrator.domain.state import WaitKind


class PrometheusGauges:
    """The orchestrator's own metrics.

    Every replica shows the same figure, that of the database: take the maximum, not the sum.
    """

    def __init__(self) -> None:
        self._resting = Gauge("ice_runs_resting", "Shots with a run at rest, by why", ("why",), registry=None)

    def join(self, registry: CollectorRegistry) -> None:
        """Show them beside the metrics of a service."""
        registry.register(self._resting)

    def resting(self, counts: Mapping[WaitKind, int]) -> None:
        """Show how many shots rest, by kind."""
        for kind, count in counts.items():
            self._resting.labels(kind.value).set(count)
