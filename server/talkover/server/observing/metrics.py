"""The metrics of one server process."""

from asyncio import all_tasks
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from talkover.server.hall import Hall

_REPLY: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
_LATE: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


class Metrics:
    """Counters that the server feeds, and a look at the hall whenever it is asked.

    Attributes:
        registry: For ``prometheus_client.generate_latest``.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._sessions = Counter(
            "talkover_sessions",
            "Sessions that began, by transport.",
            ["transport"],
            registry=self.registry,
        )
        self._refused = Counter(
            "talkover_refused",
            "Callers who were refused, by code.",
            ["code"],
            registry=self.registry,
        )
        self._reply = Histogram(
            "talkover_reply_seconds",
            "From the end of the caller's speech to each stage of the reply.",
            ["stage"],
            buckets=_REPLY,
            registry=self.registry,
        )
        self._late = Histogram(
            "talkover_frame_late_seconds",
            "How long after its time each agent frame left.",
            buckets=_LATE,
            registry=self.registry,
        )
        self._bundle = Gauge(
            "talkover_bundle_info", "The bundle in use.", ["bundle"], registry=self.registry
        )

    def watch(self, hall: Hall) -> None:
        """Show the hall's numbers as they are when asked."""
        self._bundle.labels(hall.parts().bundle_id).set(1)
        self.registry.register(_HallCollector(hall))

    def session_began(self, transport: str) -> None:
        """A caller was let in."""
        self._sessions.labels(transport).inc()

    def refused(self, code: str) -> None:
        """A caller was not."""
        self._refused.labels(code).inc()

    def frame_left(self, late: float) -> None:
        """An agent frame left, so many seconds late."""
        self._late.observe(late)

    def replied(self, stages: Mapping[str, float]) -> None:
        """A reply became audible; seconds from the end of the caller's speech by stage."""
        for stage, value in stages.items():
            self._reply.labels(stage).observe(max(0.0, value))


class _HallCollector(Collector):
    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def collect(self) -> Iterator[Metric]:
        traces = self._hall.traces.stats()
        gauges: dict[str, tuple[str, Callable[[], Any]]] = {
            "talkover_open_sessions": ("Sessions now.", lambda: len(self._hall)),
            "talkover_uptime_seconds": ("Since the start.", lambda: self._hall.uptime),
            "talkover_draining": ("1 while it goes down.", lambda: int(self._hall.draining)),
            "talkover_asyncio_tasks": ("Tasks of the event loop.", lambda: len(all_tasks())),
            "talkover_traces_connected": ("1 while Redis answers.", lambda: int(traces.connected)),
            "talkover_traces_spooled_records": ("Waiting for Redis.", lambda: traces.spooled),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value=value())
        yield CounterMetricFamily(
            "talkover_traces_delivered_records", "Written to Redis.", value=traces.delivered
        )
        yield CounterMetricFamily(
            "talkover_traces_dropped_records", "Lost: the spool was full.", value=traces.dropped
        )
