"""Every metric of the chassis, with its kind and meaning. One registry per service, so that many share a process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 60.0, 180.0)


class Metrics:
    """The counters of one service.

    Attributes:
        registry: what `/metrics` shows; a service may add its own metrics here.
    """

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._service = service
        # counter: messages whose handling ended, well or in a dead letter
        self.consumed = self._counter("ice_consumed", "Messages handled to an end", "topic")
        # counter: events acknowledged by the broker
        self.published = self._counter("ice_published", "Events acknowledged by the broker", "topic")
        # counter: records written to a dead-letter topic, by the kind of error
        self.dead_lettered = self._counter("ice_dead_lettered", "Records dead-lettered", "topic", "error")
        # counter: tries of a handler that will be repeated, by why (transient, busy, bug)
        self.retried = self._counter("ice_retried", "Handler tries that are repeated", "topic", "why")
        # counter: attempts to publish that the broker didn't acknowledge
        self.publish_failed = self._counter("ice_publish_failed", "Publishing attempts not acknowledged")
        # histogram: seconds of one handler call, waiting for retries left out
        self.handler_seconds = Histogram(
            "ice_handler_seconds",
            "Seconds of one handler call",
            ("service", "topic"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        # gauge: messages taken and not yet ended
        self.in_flight = self._gauge("ice_in_flight", "Messages in hand")
        # gauge: messages behind the end of each partition, by the newest fetch and commit
        self.lag = self._gauge("ice_lag", "Messages not yet committed", "topic", "partition")
        # gauge: 1 while the consumer has halted itself
        self.halted = self._gauge("ice_halted", "1 when the consumer has halted")
        # counter: sweeps that ended in an error
        self.sweep_failed = self._counter("ice_sweep_failed", "Sweeps that failed", "sweep")

    @property
    def service(self) -> str:
        """The service's name, first label of every metric."""
        return self._service

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, ("service", *labels), registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, ("service", *labels), registry=self.registry)
