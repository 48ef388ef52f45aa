"""Which sound was taken for which: the cheapest way from one row of sounds to another. Pure.

The costs are those of ``distance.edit_distances`` (Wagner and Fischer 1974), whose total this
reaches; of ways that cost the same, sounds are rather paired than left out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Pairs = list[tuple[int | None, int | None]]
"""Places in both rows; None on one side: nothing was there."""


def aligned(table: NDArray[np.float64]) -> Pairs:
    """Lay two rows beside one another.

    Args:
        table: How far each sound of the first row is from each of the second, 0 to 1: [r, c].

    Returns:
        From the beginning on, every place of both rows once.
    """
    rows, columns = table.shape
    costs = _costs(table.tolist(), columns)
    found: Pairs = []
    r, c = rows, columns
    while r or c:
        here = costs[r][c]
        if r and c and here == costs[r - 1][c - 1] + float(table[r - 1, c - 1]):
            r, c = r - 1, c - 1
            found.append((r, c))
        elif r and here == costs[r - 1][c] + 1.0:
            r -= 1
            found.append((r, None))
        else:
            c -= 1
            found.append((None, c))
    return found[::-1]


def _costs(table: Sequence[Sequence[float]], columns: int) -> list[list[float]]:
    """Of the cheapest way to each pair of places: [r + 1, c + 1]."""
    costs = [[float(place) for place in range(columns + 1)]]
    for number, swaps in enumerate(table, start=1):
        above, row = costs[-1], [float(number)]
        for place, swap in enumerate(swaps):
            row.append(min(above[place] + swap, above[place + 1] + 1.0, row[place] + 1.0))
        costs.append(row)
    return costs
