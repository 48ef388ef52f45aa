"""Rates of groups of utterances, of several systems at once, and what is uncertain about them.

Utterances are drawn anew within each group, the same ones for all systems (Bisani and Ney 2004), so
that whatever is made of the rates (their mean, the worst of them, how far they are apart, what one
system has less than another) is paired, and each group keeps its share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.report.model import number

Rates = NDArray[np.float64]
"""[..., groups], of one system."""
Figure = Callable[[Rates], NDArray[np.float64]]
"""What is made of the rates of a system: [..., groups] to [...]."""

_FEWEST: Final = 5
"""Utterances of a group below which an interval would only pretend."""
_ROUNDS: Final = 2_000
_CELLS: Final = 4_000_000
"""Resampled numbers held at a time."""
_NOTHING: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure.

    Attributes:
        value: As it was observed; NaN where there was nothing.
        interval: 95 %; None where a group has fewer than five utterances.
        n: Utterances behind it.
    """

    value: float
    interval: tuple[float, float] | None
    n: int

    def __str__(self) -> str:
        """For a cell of a table."""
        if self.interval is None:
            return number(self.value)
        low, high = self.interval
        return f"{number(self.value)} ({number(low)} to {number(high)})"

    def times(self, factor: float) -> "Estimate":
        """The same in another unit; ``factor`` is above 0."""
        low, high = self.interval or (0.0, 0.0)
        interval = (factor * low, factor * high) if self.interval else None
        return Estimate(factor * self.value, interval, self.n)


class Resampled:
    """Rates as they were observed, and as they would have been with other utterances.

    Args:
        errors: Of each system in each utterance: [systems, utterances].
        totals: What there was to get right, of each utterance.
        groups: The group of each utterance.
        seed: Of the draw.
        rounds: How often is drawn.

    Raises:
        ValueError: the systems were not scored on the same utterances.
    """

    def __init__(
        self,
        errors: Sequence[Sequence[float]],
        totals: Sequence[float],
        groups: Sequence[str],
        *,
        seed: int = 0,
        rounds: int = _ROUNDS,
    ) -> None:
        if any(len(one) != len(totals) for one in errors) or len(groups) != len(totals):
            raise ValueError("the systems were not scored on the same utterances")
        random = np.random.default_rng(seed)
        table = np.array([*errors, totals], np.float64).reshape(len(errors) + 1, len(totals))
        names, members = np.unique(np.asarray(groups, np.str_), return_inverse=True)
        kept = [
            (str(name), table[:, members == place])
            for place, name in enumerate(names)
            if table[-1, members == place].sum() > 0
        ]
        self.groups = tuple(name for name, _ in kept)
        self.n = sum(some.shape[1] for _, some in kept)
        self._enough = bool(kept) and min(some.shape[1] for _, some in kept) >= _FEWEST
        shape = (len(errors), len(kept))
        self.observed: Rates = np.zeros(shape)
        self._draws: Rates = np.zeros((rounds, *shape))
        for place, (_, some) in enumerate(kept):
            self.observed[:, place] = some[:-1].sum(axis=1) / some[-1].sum()
            self._draws[:, :, place] = _drawn(some, rounds, random)

    def of(self, figure: Figure, system: int) -> Estimate:
        """A figure of one system."""
        return self._estimate(
            lambda: figure(self.observed[system]), lambda: figure(self._draws[:, system])
        )

    def points(self, figure: Figure, first: int, second: int) -> Estimate:
        """What a second system has more of than a first one; below 0 it is better."""
        return self._estimate(
            lambda: figure(self.observed[second]) - figure(self.observed[first]),
            lambda: figure(self._draws[:, second]) - figure(self._draws[:, first]),
        )

    def reduction(self, figure: Figure, first: int, second: int) -> Estimate:
        """The share of the first system's that the second one has not; 1: it has nothing left.

        NaN where the first one has nothing; rounds in which it has nothing are left out.
        """

        def value() -> NDArray[np.float64]:
            return _less(figure(self.observed[first]), figure(self.observed[second]))

        def draws() -> NDArray[np.float64]:
            found = _less(figure(self._draws[:, first]), figure(self._draws[:, second]))
            return found[~np.isnan(found)]

        return self._estimate(value, draws)

    def _estimate(
        self,
        value: Callable[[], NDArray[np.float64]],
        draws: Callable[[], NDArray[np.float64]],
    ) -> Estimate:
        if not self.groups:
            return Estimate(_NOTHING, None, 0)
        drawn = draws() if self._enough else np.zeros(0)
        if not len(drawn):
            return Estimate(float(value()), None, self.n)
        low, high = np.percentile(drawn, [2.5, 97.5])
        return Estimate(float(value()), (float(low), float(high)), self.n)


def mean(rates: Rates) -> NDArray[np.float64]:
    """Over all groups, each counting as much as any other."""
    found: NDArray[np.float64] = rates.mean(axis=-1)
    return found


def worst(count: int) -> Figure:
    """Gives the mean over the groups that are worst, whichever those are for a system."""

    def figure(rates: Rates) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.sort(rates, axis=-1)[..., -count:].mean(axis=-1)
        return found

    return figure


def spread(rates: Rates) -> NDArray[np.float64]:
    """From the best group to the worst."""
    found: NDArray[np.float64] = rates.max(axis=-1) - rates.min(axis=-1)
    return found


def _drawn(some: Rates, rounds: int, random: np.random.Generator) -> Rates:
    """Rates of a group [systems + 1, utterances; totals last] in each draw: [rounds, systems].

    A draw without anything to get right counts as 0.
    """
    count = some.shape[1]
    found = np.zeros((rounds, len(some) - 1))
    block = max(1, _CELLS // count)
    for begin in range(0, rounds, block):
        part = found[begin : begin + block]
        sums = random.multinomial(count, np.full(count, 1 / count), len(part)) @ some.T
        np.divide(sums[:, :-1], sums[:, -1:], out=part, where=sums[:, -1:] > 0)
    return found


def _less(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of ``before`` that is gone; NaN where there was nothing."""
    found = np.full(np.shape(before), _NOTHING)
    np.divide(before - after, before, out=found, where=np.asarray(before) > 0)
    return found
