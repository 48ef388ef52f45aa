"""What turns of callers add up to: word errors by accent and bundle, and over time. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client.bench.callers.rows import Row
from talkover.client.bench.running import Failed
from talkover.core.report import Measure, percentile, pooled_interval

WINDOW: Final = 16
"""Turns of an accent that a point of a curve is made of."""
_ROUNDS: Final = 2_000  # of resampling
_SHORT: Final = 12  # characters of a bundle's id


@dataclass(frozen=True, slots=True)
class Wer:
    """Word errors of some turns, each turn's at most as many as its words.

    Attributes:
        value: Percent; NaN of nothing.
        interval: 95 %, turns resampled; None of too few.
        turns: Behind it.
        words: Behind it.
        unbounded: Percent, with all that loops insert.
    """

    value: float
    interval: tuple[float, float] | None
    turns: int
    words: int
    unbounded: float


def wer(rows: Sequence[Row], *, seed: int = 0) -> Wer:
    """Pool turns.

    Args:
        rows: Any.
        seed: Of the interval's draw.
    """
    words = [row.words for row in rows]
    errors = [row.bounded for row in rows]
    total = sum(words)
    if not total:
        return Wer(float("nan"), None, len(rows), 0, float("nan"))
    interval = pooled_interval(errors, words, seed=seed)
    ends = None if interval is None else (100 * interval[0], 100 * interval[1])
    unbounded = 100 * sum(row.errors for row in rows) / total
    return Wer(100 * sum(errors) / total, ends, len(rows), total, unbounded)


def fall(
    before: Sequence[Row], after: Sequence[Row], *, seed: int = 0
) -> tuple[float, tuple[float, float] | None]:
    """By how much word errors fell, in percent of what they were, and its 95 % interval.

    The turns of both are drawn apart, since callers do not say the same twice (Efron and Tibshirani
    1993). NaN and None where there is too little.

    Args:
        before: Turns on the old weights.
        after: Turns on the new ones.
        seed: Of the draw.
    """
    first, second = wer(before), wer(after)
    if not first.value > 0 or not second.words:
        return float("nan"), None
    value = 100 * (1 - second.value / first.value)
    if first.interval is None or second.interval is None:
        return value, None
    random = np.random.default_rng(seed)
    old, new = _drawn(before, random), _drawn(after, random)
    sound = old > 0
    low, high = np.percentile(100 * (1 - new[sound] / old[sound]), [2.5, 97.5])
    return value, (float(low), float(high))


def _drawn(rows: Sequence[Row], random: np.random.Generator) -> NDArray[np.float64]:
    """Error rates of ``_ROUNDS`` samples of the rows with replacement: float64 [rounds]."""
    counts = np.array([(row.bounded, row.words) for row in rows], np.float64)
    sums = counts[random.integers(0, len(rows), (_ROUNDS, len(rows)))].sum(axis=1)
    rates: NDArray[np.float64] = sums[:, 0] / np.maximum(sums[:, 1], 1.0)
    return rates


def accents_of(rows: Sequence[Row]) -> list[str]:
    """Accents, sorted."""
    return sorted({row.accent for row in rows})


def bundles_of(rows: Sequence[Row]) -> list[str]:
    """Bundles in the order in which they were first heard."""
    return list(dict.fromkeys(row.bundle for row in rows))


def table(rows: Sequence[Row], *, seed: int = 0) -> dict[tuple[str, str], Wer]:
    """By accent and bundle; those without a turn are left out."""
    found = {}
    for accent in accents_of(rows):
        for bundle in bundles_of(rows):
            some = [row for row in rows if (row.accent, row.bundle) == (accent, bundle)]
            if some:
                found[accent, bundle] = wer(some, seed=seed)
    return found


def curve(rows: Sequence[Row], accent: str) -> list[tuple[float, float]]:
    """Word errors (%) of the latest turns of an accent, over time (seconds since 1970).

    Begins with the turn that fills half of the window.
    """
    mine = [row for row in rows if row.accent == accent]
    points = []
    for end in range(max(1, WINDOW // 2), len(mine) + 1):
        value = wer(mine[max(0, end - WINDOW) : end]).value
        points.append((mine[end - 1].at, value))
    return points


def changes(rows: Sequence[Row]) -> list[tuple[float, str]]:
    """When each bundle but the first was first heard, seconds since 1970."""
    firsts: dict[str, float] = {}
    for row in rows:
        firsts.setdefault(row.bundle, row.at)
    return [(at, bundle) for bundle, at in list(firsts.items())[1:]]


def summarise(rows: Sequence[Row], failed: Sequence[Failed], *, seed: int = 0) -> list[Measure]:
    """The measures."""
    found = table(rows, seed=seed)
    pooled = [
        _measure(f"word errors, {accent or 'unknown accent'}, bundle {bundle[:_SHORT]}", one)
        for (accent, bundle), one in found.items()
    ]
    waits = [row.wait for row in rows if row.wait is not None]
    corrected = sum(row.corrected for row in rows)
    return [
        _measure("word errors, all", wer(rows, seed=seed)),
        *pooled,
        Measure("turns without a word understood", sum(not row.heard for row in rows), "",
                n=len(rows)),
        Measure("turns that the caller corrected", corrected, "", n=len(rows)),
        Measure("end of the recording to its words, p50", percentile(waits, 50), "s",
                n=len(waits)),
        Measure("calls that broke", len(failed), "", n=len({row.session for row in rows}),
                bar="0", met=not failed and bool(rows),
                note="; ".join(f"{one.name}: {one.reason}" for one in failed[:3])),
    ]  # fmt: skip


def _measure(name: str, one: Wer) -> Measure:
    note = f"{one.turns} turns, each up to 100 %; with loops {one.unbounded:.1f} %"
    return Measure(name, one.value, "%", n=one.words, interval=one.interval, note=note)
