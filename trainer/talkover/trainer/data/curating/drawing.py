"""Which utterances make a set of a wanted distribution. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import DataError

OTHERS: Final = "others"
"""In a target: the weight of each value that it does not name."""
_CELLS: Final = 20_000

Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """What can be drawn.

    Attributes:
        cells: int32 [n], of each utterance its place among the wanted cells; -1: in none.
        seconds: float64 [n].
        speakers: int32 [n], -1: not known.
    """

    cells: NDArray[np.int32]
    seconds: NDArray[np.float64]
    speakers: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn.

    Attributes:
        picks: int64 [m], places in the pool, in an order of no meaning.
        copies: int64 [m], how often each was there before: 0, then 1 ...
        seconds: float64 [cells], of each.
        repeated: float64 [cells], of these the seconds that were there before.
    """

    picks: NDArray[np.int64]
    copies: NDArray[np.int64]
    seconds: NDArray[np.float64]
    repeated: NDArray[np.float64]


def shares(
    values: Sequence[Sequence[str]], target: Sequence[Mapping[str, float]]
) -> dict[Cell, float]:
    """The wanted share of each cell: the product of those of its values.

    Args:
        values: Of each facet, those that there are.
        target: Of each facet, weights by value; ``others`` weighs each that is not named, and is
            0 if it is not named itself. Nothing at all: all weigh the same.

    Raises:
        DataError: there are no values, too many cells, or a weight is none.
    """
    weighed = [_weights(some, wanted) for some, wanted in zip(values, target, strict=True)]
    if math.prod(map(len, weighed)) > _CELLS:
        raise DataError(f"more than {_CELLS} cells; balance by fewer facets")
    return {
        cell: math.prod(weights[value] for weights, value in zip(weighed, cell, strict=True))
        for cell in product(*weighed)
    }


def _weights(values: Sequence[str], wanted: Mapping[str, float]) -> dict[str, float]:
    others = wanted.get(OTHERS, 0.0 if wanted else 1.0)
    named = {value: weight for value, weight in wanted.items() if value != OTHERS}
    weights = dict.fromkeys(sorted(values), others) | named
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise DataError("a target's weights are numbers from 0 on")
    total = sum(weights.values())
    if not total:
        raise DataError("a target gives no weight to anything that there is")
    return {value: weight / total for value, weight in weights.items() if weight}


def draw(
    pool: Pool, quotas: NDArray[np.float64], *, speaker: float, repeats: int, seed: int
) -> Drawn:
    """Draw until each cell has its seconds, or nothing is left that may be taken.

    Everything is drawn once before anything is drawn again. The last utterance of a cell goes over
    what is wanted.

    Args:
        pool: What there is.
        quotas: Seconds wanted of each cell, float64 [cells].
        speaker: Seconds of one speaker at most, repetitions counted.
        repeats: How often an utterance may come again.
        seed: Of the draw.
    """
    order = np.random.default_rng(seed).permutation(len(pool.seconds))
    grouped = order[np.argsort(pool.cells[order], kind="stable")]
    bounds = np.searchsorted(pool.cells[grouped], np.arange(len(quotas) + 1))
    said = np.zeros(int(pool.speakers.max(initial=-1)) + 1)
    there, repeated = np.zeros(len(quotas)), np.zeros(len(quotas))
    picks: list[int] = []
    copies: list[int] = []
    for copy in range(repeats + 1):
        before = there.copy()
        for cell in range(len(quotas)):
            for pick in grouped[bounds[cell] : bounds[cell + 1]].tolist():
                if there[cell] >= quotas[cell]:
                    break
                seconds, who = float(pool.seconds[pick]), int(pool.speakers[pick])
                if who >= 0 and said[who] + seconds > speaker:
                    continue
                if who >= 0:
                    said[who] += seconds
                there[cell] += seconds
                picks.append(pick)
                copies.append(copy)
        if copy:
            repeated += there - before
    mixed = np.random.default_rng([seed, 1]).permutation(len(picks))
    return Drawn(
        np.array(picks, np.int64)[mixed], np.array(copies, np.int64)[mixed], there, repeated
    )
