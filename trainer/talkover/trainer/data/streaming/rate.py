"""How fast a stream is, and what came out of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.core.report import Measure
from talkover.trainer.data.streaming.stream import Stream


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured.

    Attributes:
        items: After those that were ready before the clock ran.
        speech: Of those (seconds).
        took: They (seconds).
        first: Until the first item was there (seconds).
        sha256: Of all names and samples that came, also before the clock ran.
    """

    items: int
    speech: float
    took: float
    first: float
    sha256: str

    @property
    def times(self) -> float:
        """Seconds of speech in a second."""
        return self.speech / self.took

    def measures(self, bar: float | None) -> list[Measure]:
        """For a report."""
        met = None if bar is None else self.times >= bar
        goal = None if bar is None else f">= {bar:g}"
        return [
            Measure("stream", self.times, "x real time", self.items, bar=goal, met=met),
            Measure("items a second", self.items / self.took, "", self.items),
            Measure("first item after", self.first, "s", 1, note="processes start"),
        ]


def measure_rate(
    stream: Stream, seconds: float, tick: Callable[[float], None] = lambda _seconds: None
) -> Rate:
    """Take from a stream as fast as it gives.

    The clock runs from when all that may be made ahead has been taken: by then the loop waits for
    the stream, and not the stream for the loop. How much is taken does not depend on that.

    Args:
        stream: From where it is.
        seconds: Of speech to take in all.
        tick: Told of seconds of speech as they come.

    Raises:
        DataError: it is over before the clock runs, or an item cannot be made.
    """
    digest = sha256()
    begun = started = time.perf_counter()
    first = taken = ready = untold = 0.0
    for number, made in enumerate(stream):
        if number == 0:
            first = time.perf_counter() - begun
        length = len(made.pcm) / RATE
        digest.update(made.clean.name.encode() + made.pcm.tobytes())
        taken += length
        untold += length
        if number % stream.order.chunk == 0:
            tick(untold)
            untold = 0.0
        if number == stream.ahead:
            started, ready = time.perf_counter(), taken
        if taken >= seconds:
            break
    took, items = time.perf_counter() - started, number - stream.ahead
    if items <= 0:
        raise DataError(f"{seconds:g} s are over before the clock runs; take more")
    return Rate(items, taken - ready, took, first, digest.hexdigest())
