"""How well overlaps are told apart, and what yielding by it would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.overlap.config import LABELS
from talkover.trainer.overlap.moments import Moments

Probabilities = NDArray[np.float32]
"""[n, len(LABELS)]: of an overlap's decision points, in order."""

CHECKPOINTS: Final = (0.4, 0.6, 1.0)
"""Seconds after the true onset at which confusions are counted, besides the end."""
SOON: Final = 0.4
LATER: Final = 0.9
"""Seconds within which a barge-in should be yielded to: the median's bar and the 95th percentile's
bar."""
THRESHOLDS: Final = tuple(round(0.05 * step, 2) for step in range(4, 20))
FALSE_YIELDS: Final = {"backchannel": 0.05, "noise": 0.03, "side_talk": 0.08, "echo": 0.02}
"""Bars. An echo must never be yielded to, which no share among a few dozen can show."""
_BARGE_IN: Final = LABELS.index("barge_in")
_BINS: Final = 10


def confusion(
    found: Sequence[Moments], judged: Sequence[Probabilities], at: float | None
) -> NDArray[np.int64]:
    """Which label was taken for which, each overlap once.

    Args:
        found: Overlaps.
        judged: Their probabilities.
        at: Seconds after the true onset: the last decision by then, or the first of all. None: the
            first decision after the sound's end, or the last of all.

    Returns:
        [true, judged].
    """
    counts = np.zeros((len(LABELS), len(LABELS)), np.int64)
    for one, probabilities in zip(found, judged, strict=True):
        counts[one.label, int(probabilities[_place(one, at)].argmax())] += 1
    return counts


def _place(one: Moments, at: float | None) -> int:
    if at is None:
        over = np.flatnonzero(one.over)
        return int(over[0]) if len(over) else len(one.times) - 1
    return max(0, int((one.times <= at).sum()) - 1)


def yields_at(one: Moments, probabilities: Probabilities, threshold: float) -> float | None:
    """Seconds from the true onset to the first decision to yield; None: none was.

    What voice activity never notices is never asked about.
    """
    if not one.noticed:
        return None
    hits = np.flatnonzero(probabilities[:, _BARGE_IN] >= threshold)
    return float(one.times[hits[0]]) if len(hits) else None


@dataclass(frozen=True, slots=True)
class Rule:
    """What yielding from a probability on does.

    Attributes:
        threshold: Of p(barge-in).
        soon: Share of barge-ins yielded to within ``SOON``.
        later: The same within ``LATER``.
        ever: The same at any time that was looked at.
        median: Seconds until barge-ins are yielded to, those that never are counted as forever.
        false: Share of each other label that was yielded to at any time.
    """

    threshold: float
    soon: float
    later: float
    ever: float
    median: float
    false: dict[str, float]

    @property
    def worth(self) -> float:
        """Share of barge-ins yielded to in time, less each false share's part above its bar."""
        over = (max(0.0, self.false[label] - bar) for label, bar in FALSE_YIELDS.items())
        return self.later - sum(over)


def rule(found: Sequence[Moments], judged: Sequence[Probabilities], threshold: float) -> Rule:
    """What yielding from ``threshold`` on does to these overlaps."""
    times: dict[str, list[float]] = {label: [] for label in LABELS}
    for one, probabilities in zip(found, judged, strict=True):
        at = yields_at(one, probabilities, threshold)
        times[LABELS[one.label]].append(np.inf if at is None else at)
    real = np.array(times.pop("barge_in") or [np.inf])
    return Rule(
        threshold,
        float((real <= SOON).mean()),
        float((real <= LATER).mean()),
        float(np.isfinite(real).mean()),
        float(np.sort(real)[len(real) // 2]),
        {label: float(np.isfinite(ends).mean()) if ends else 0.0 for label, ends in times.items()},
    )


def choose(rules: Sequence[Rule]) -> Rule:
    """The rule of the most worth; the first of equals. Use it on validation voices only."""
    return max(rules, key=lambda one: one.worth)


def calibration_error(
    judged: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float32]
) -> float:
    """Expected calibration error of the likeliest label (Guo et al. 2017), ten bins.

    Args:
        judged: [n, len(LABELS)].
        labels: [n].
        weights: [n].
    """
    confidence = judged.max(axis=1)
    right = judged.argmax(axis=1) == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for place in range(_BINS):
        inside = bins == place
        mass = float(weights[inside].sum())
        if mass:
            gap = np.average(right[inside], weights=weights[inside]) - np.average(
                confidence[inside], weights=weights[inside]
            )
            error += mass * abs(float(gap))
    return error / float(weights.sum())
