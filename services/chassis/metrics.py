"""Every metric of the chassis, with its kind and meaning. One registry per service, so that many share a process."""

from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 60.0, 180.0)
M = TypeVar("M", Counter, Gauge, Histogram)


class Labelled(Generic[M]):
    """A metric with the service filled in: `metric(topic).inc()`. Looked up once per label, as messages are many."""

    def __init__(self, metric: M, service: str) -> None:
        self._metric: M = metric
        self._service = service
        self._children: dict[tuple[str, ...], M] = {}

    def __call__(self, *labels: str) -> M:
        """The metric for these labels."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._metric.labels(self._service, *labels)
        return child

    def forget(self, *labels: str) -> None:
        """Show these labels no more."""
        if self._children.pop(labels, None) is not None:
            self._metric.remove(self._service, *labels)


class Metrics:
    """The metrics of one service; its name is the first label of each.

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
        self.handler_seconds = self._histogram("ice_handler_seconds", "Seconds of one handler call", "topic")
        # gauge: messages in a handler now
        self.in_flight = self._gauge("ice_in_flight", "Messages in a handler")
        # gauge: messages of each partition in hand that aren't committed; asked of the broker every `lag_every_s`
        self.lag = self._gauge("ice_lag", "Messages not yet committed", "topic", "partition")
        # gauge: seconds that the handler call that began first has been running; 0 = none runs
        self.oldest_handler = self._gauge("ice_oldest_handler_seconds", "Age of the oldest handler call")
        # gauge: 1 while the consumer has halted itself
        self.halted = self._gauge("ice_halted", "1 when the consumer has halted")
        # counter: sweeps that ended in an error
        self.sweep_failed = self._counter("ice_sweep_failed", "Sweeps that failed", "sweep")

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Labelled[Counter]:
        return Labelled(Counter(name, text, ("service", *labels), registry=self.registry), self._service)

    def _gauge(self, name: str, text: str, *labels: str) -> Labelled[Gauge]:
        return Labelled(Gauge(name, text, ("service", *labels), registry=self.registry), self._service)

    def _histogram(self, name: str, text: str, *labels: str) -> Labelled[Histogram]:
        metric = Histogram(name, text, ("service", *labels), registry=self.registry, buckets=_SECONDS)
        return Labelled(metric, self._service)
