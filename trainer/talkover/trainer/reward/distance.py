"""What it costs to make one row of sounds of another, for many pairs at once. Pure.

The distance is that of Wagner and Fischer (1974): a sound too many or too few costs 1, one for
another what a table says (0 to 1). What is computed is what pairing sounds saves: against leaving
out one whole row and adding the other, each pair saves 2 less its distance. So a step is a maximum
over what was saved before, and the running maximum carries it along the row.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.intp]
"""Sounds of a text, as numbers."""
_AT_ONCE: Final = 64
"""Pairs; the longest of them decides how much memory they take."""


def edit_distances(
    first: Sequence[Row], second: Sequence[Row], table: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The distance of each pair.

    Args:
        first: A row [sounds] of each pair.
        second: The other one.
        table: How far each sound is from each, 0 to 1: [known, known], symmetric.

    Returns:
        In sounds: [pairs].
    """
    sizes = np.array([(len(a), len(b)) for a, b in zip(first, second, strict=True)], np.intp)
    found = np.zeros(len(first))
    saves = 2.0 - table
    order = np.lexsort(sizes.reshape(-1, 2).T)  # those of a length together, to pad little
    for begin in range(0, len(order), _AT_ONCE):
        some = order[begin : begin + _AT_ONCE]
        found[some] = _saved([first[n] for n in some], [second[n] for n in some], saves)
    distances: NDArray[np.float64] = sizes.reshape(-1, 2).sum(axis=1) - found
    return distances


def _saved(
    first: Sequence[Row], second: Sequence[Row], saves: NDArray[np.float64]
) -> NDArray[np.float64]:
    rows, columns = _padded(first), _padded(second)
    ends = np.array([len(row) for row in first])
    last = set(ends.tolist())
    places = np.arange(len(first)), np.array([len(row) for row in second])
    found = np.zeros(len(first))
    best = np.zeros((len(first), columns.shape[1] + 1))
    for number, sounds in enumerate(rows.T, start=1):
        paired = best[:, :-1] + saves[sounds[:, None], columns]
        np.maximum(best[:, 1:], paired, out=best[:, 1:])
        np.maximum.accumulate(best, axis=1, out=best)
        if number in last:
            over = ends == number
            found[over] = best[places][over]
    return found


def _padded(rows: Sequence[Row]) -> Row:
    """One below another; what is behind the end of a row changes nothing before it."""
    padded = np.zeros((len(rows), max(map(len, rows), default=0)), np.intp)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = row
    return padded
