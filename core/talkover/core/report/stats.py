"""Percentiles, rates and their uncertainty by resampling (Efron and Tibshirani 1993)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FEWEST: Final = 5
"""Observations below which an interval would only pretend."""
_CELLS: Final = 4_000_000
"""Resampled numbers held at a time."""


def percentile(values: Sequence[float], q: float) -> float:
    """The q-th percentile (0 to 100), interpolated; NaN of nothing."""
    return float(np.percentile(values, q)) if len(values) else float("nan")


def percentile_interval(
    values: Sequence[float], q: float, *, seed: int = 0, rounds: int = 2_000
) -> tuple[float, float] | None:
    """The 95 % interval of a percentile; None of fewer than five values."""
    if len(values) < _FEWEST:
        return None
    observed = np.asarray(values, np.float64)
    draws = [np.percentile(observed[p], q, axis=1) for p in _picks(len(observed), seed, rounds)]
    return _middle(np.concatenate(draws))


def pooled_interval(
    errors: Sequence[float], totals: Sequence[float], *, seed: int = 0, rounds: int = 2_000
) -> tuple[float, float] | None:
    """The 95 % interval of ``sum(errors) / sum(totals)``, resampled by utterance.

    Bisani and Ney (2004), "Bootstrap estimates for confidence intervals in ASR performance
    evaluation": utterances are drawn, not words, because errors come in company.

    Args:
        errors: Of each utterance.
        totals: Reference words of each utterance.
        seed: Of the draw.
        rounds: How often is drawn.

    Returns:
        None of fewer than five utterances or without a reference word.
    """
    if len(errors) < _FEWEST or not sum(totals):
        return None
    counts = np.stack([np.asarray(errors, np.float64), np.asarray(totals, np.float64)])
    rates = [_rate(counts[:, p].sum(axis=-1)) for p in _picks(len(errors), seed, rounds)]
    return _middle(np.concatenate(rates))


@dataclass(frozen=True, slots=True)
class Difference:
    """How two systems differ on the same utterances.

    Attributes:
        value: Rate of the second minus rate of the first; below 0 the second is better.
        interval: 95 %; None of fewer than five utterances.
        better: Share of the draws in which the second is strictly better.
    """

    value: float
    interval: tuple[float, float] | None
    better: float


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    totals: Sequence[float],
    *,
    seed: int = 0,
    rounds: int = 5_000,
) -> Difference:
    """Compare two systems' pooled error rates, utterances drawn for both at once.

    Bisani and Ney (2004). Being paired, it sees differences that two separate intervals hide.

    Args:
        first: Errors of the first system in each utterance.
        second: Errors of the second, in the same order.
        totals: Reference words of each utterance.
        seed: Of the draw.
        rounds: How often is drawn.

    Raises:
        ValueError: the three differ in length, or there are no reference words.
    """
    if not len(first) == len(second) == len(totals):
        raise ValueError("the systems were not scored on the same utterances")
    if not sum(totals):
        raise ValueError("there are no reference words")
    change = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    counts = np.stack([change, np.asarray(totals, np.float64)])
    picks = _picks(len(totals), seed, rounds)
    draws = np.concatenate([_rate(counts[:, p].sum(axis=-1)) for p in picks])
    interval = _middle(draws) if len(totals) >= _FEWEST else None
    return Difference(
        value=float(change.sum() / sum(totals)),
        interval=interval,
        better=float(np.mean(draws < 0)),
    )


def _picks(count: int, seed: int, rounds: int) -> Iterator[NDArray[np.int64]]:
    """Indices of ``rounds`` samples with replacement, in blocks of bounded size."""
    generator = np.random.default_rng(seed)
    block = max(1, _CELLS // count)
    for start in range(0, rounds, block):
        yield generator.integers(0, count, (min(block, rounds - start), count))


def _rate(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Errors per total of each draw; a draw without any reference word counts as 0."""
    errors, totals = sums
    rate: NDArray[np.float64] = np.zeros_like(errors)
    np.divide(errors, totals, out=rate, where=totals > 0)
    return rate


def _middle(draws: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
