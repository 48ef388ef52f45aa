"""How long systems take for the same work, measured in turns."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from talkover.core.clock import seconds
from talkover.core.report import Measure, percentile, percentile_interval

T = TypeVar("T")

_REST: Final = 0.02
"""Seconds between two measurements: the threads of the one before stop spinning for work."""


@dataclass(frozen=True, slots=True)
class Timing:
    """A system at a piece of work.

    Attributes:
        work: What was done.
        window: Sound that the system was shown, in samples.
        system: Which.
        milliseconds: One a repeat.
        detail: What else must be known to judge it.
    """

    work: str
    window: int
    system: str
    milliseconds: tuple[float, ...]
    detail: str = ""

    @property
    def median(self) -> float:
        """Half of the repeats took longer (ms); NaN without any."""
        return percentile(self.milliseconds, 50)


def in_turns(
    tasks: Mapping[str, Callable[[], T]], repeats: int, after_each: Callable[[], None]
) -> tuple[dict[str, T], dict[str, tuple[float, ...]]]:
    """Time tasks one after another, round by round, so that a slow minute is slow for all.

    Args:
        tasks: What to time, by name. Each runs once before, unmeasured.
        repeats: Rounds.
        after_each: Called between measurements, not timed.

    Returns:
        What each task gave, and milliseconds a round, both by name.
    """
    results = {name: task() for name, task in tasks.items()}
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            time.sleep(_REST)
            begin = time.perf_counter()
            task()
            taken[name].append(1000 * (time.perf_counter() - begin))
            after_each()
    return results, {name: tuple(values) for name, values in taken.items()}


def time_measures(timings: Sequence[Timing], base: str) -> list[Measure]:
    """The median of each, with its ratio to the system ``base`` at the same work and window."""
    bases = {(t.work, t.window): t.median for t in timings if t.system == base}
    return [_measure(t, bases.get((t.work, t.window)), base) for t in timings]


def ratios(timings: Sequence[Timing], base: str) -> dict[str, float]:
    """Every other system's median as a share of ``base``'s, by work, window and system."""
    bases = {(t.work, t.window): t.median for t in timings if t.system == base}
    return {
        f"{t.work}, {seconds(t.window):g} s, {t.system}": t.median / bases[t.work, t.window]
        for t in timings
        if t.system != base and (t.work, t.window) in bases
    }


def _measure(timing: Timing, base_median: float | None, base: str) -> Measure:
    notes = [timing.detail] if timing.detail else []
    if timing.system != base and base_median:
        notes.insert(0, f"{timing.median / base_median:.2f} of {base}")
    return Measure(
        f"{timing.work}, window {seconds(timing.window):g} s, {timing.system}",
        timing.median,
        "ms",
        n=len(timing.milliseconds),
        interval=percentile_interval(timing.milliseconds, 50),
        note="; ".join(notes),
    )


class Watch:
    """Tells how much of the processor others took since it was made.

    A system whose threads wait for one another suffers far more from that than one whose threads
    do not, so that even the ratios of times mean nothing then.
    """

    def __init__(self) -> None:
        self._begin = _now()

    def others(self) -> float | None:
        """Cores that other processes kept busy, on average; None where the system does not say."""
        begin, now = self._begin, _now()
        if begin is None or now is None:
            return None
        return cores_of_others(begin, now)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds since whenever.

    Attributes:
        wall: That passed.
        busy: That all cores together were busy.
        own: That this process kept cores busy.
    """

    wall: float
    busy: float
    own: float


def cores_of_others(begin: Clocks, end: Clocks) -> float:
    """Cores that were busy between the two, but not for this process; 0 if nothing passed."""
    passed = end.wall - begin.wall
    busy = (end.busy - begin.busy) - (end.own - begin.own)
    return max(0.0, busy / passed) if passed > 0 else 0.0


def _now() -> Clocks | None:
    try:
        total, *_ = Path("/proc/stat").read_text().splitlines()
        tick = os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
    user, nice, system, _idle, _waiting, *interrupts = map(int, total.split()[1:9])
    busy = user + nice + system + sum(interrupts)
    return Clocks(time.monotonic(), busy / tick, time.process_time())
