"""The metrics of one server process."""

from asyncio import all_tasks
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from talkover.server.hall import Hall
from talkover.server.swap.generation import GONE, Generation, State

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
            "Callers for whom there was no room, by code.",
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
        self._swaps = Counter(
            "talkover_swaps",
            "Bundles that came to the end of their way, by what became of them.",
            ["result"],
            registry=self.registry,
        )

    def watch(self, hall: Hall) -> None:
        """Show the hall's numbers as they are when asked."""
        hall.house.listeners.append(self._swapped)
        self.registry.register(_HallCollector(hall))

    def session_began(self, transport: str) -> None:
        """A caller was let in, who came over ``grpc`` or ``webrtc``."""
        self._sessions.labels(transport).inc()

    def refused(self, code: str) -> None:
        """A caller was not, for there is no room."""
        self._refused.labels(code).inc()

    def frame_left(self, late: float) -> None:
        """An agent frame left, so many seconds late."""
        self._late.observe(late)

    def _swapped(self, generation: Generation, before: State) -> None:
        """A generation's state changed."""
        if generation.state is State.CURRENT:
            self._swaps.labels("promoted").inc()
        elif generation.state is State.FAILED:
            self._swaps.labels("refused").inc()
        elif generation.state is State.RETIRING and before is not State.CURRENT:
            self._swaps.labels("rolled_back").inc()

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
        yield from self._generations()
        yield CounterMetricFamily(
            "talkover_traces_delivered_records", "Written to Redis.", value=traces.delivered
        )
        yield CounterMetricFamily(
            "talkover_traces_dropped_records", "Lost: the spool was full.", value=traces.dropped
        )

    def _generations(self) -> Iterator[Metric]:
        house = self._hall.house.generations
        bundle = GaugeMetricFamily(
            "talkover_bundle_info", "The bundle that is current.", labels=["bundle"]
        )
        bundle.add_metric([house.current.bundle], 1)
        yield bundle
        labels = ["generation", "bundle", "state"]
        uses = GaugeMetricFamily(
            "talkover_generation_uses", "What runs on a generation now.", labels=labels
        )
        share = GaugeMetricFamily(
            "talkover_generation_canary_share", "Of the sessions, while a canary.", labels=labels
        )
        turns = GaugeMetricFamily(
            "talkover_generation_turns", "Turns that ran on a generation.", labels=labels
        )
        for one in house.all():
            if one.state not in GONE:
                named = [str(one.number), one.bundle, one.state.value]
                uses.add_metric(named, one.uses)
                turns.add_metric(named, one.record.turns)
                if one.state is State.CANARY:
                    share.add_metric(named, one.share)
        yield from (uses, share, turns)
