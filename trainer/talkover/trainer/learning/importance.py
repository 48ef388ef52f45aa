"""How much a reading that another bundle sampled says of the policy of today. Pure.

Truncated importance weights (Ionides 2008), self-normalised (Swaminathan & Joachims 2015): each is
p(reading | policy) / p(reading | bundle that read it), cut at a bound, and 1 in the mean, so that
no single turn outweighs all others.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 5.0


def importance_weights(
    now: NDArray[np.float64], then: NDArray[np.float64], most: float = MOST
) -> NDArray[np.float64]:
    """Weights of logged readings: [n], 1 in the mean.

    Args:
        now: Log-probabilities of the readings under the policy, at the temperature of the log: [n].
        then: The same as they were logged: [n].
        most: Where a ratio is cut.
    """
    if not len(now):
        return np.zeros(0)
    ratios = np.exp(np.minimum(now - then, np.log(most)))
    total = float(ratios.sum())
    return ratios * (len(ratios) / total) if total > 0 else np.zeros(len(ratios))


def effective_size(weights: NDArray[np.float64]) -> float:
    """How many equally weighted readings these are worth (Kish 1965)."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
