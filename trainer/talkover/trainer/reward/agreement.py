"""Whether one text is understood alike in all accents. Pure.

To agree pays only as far as both transcripts are right: two that are empty, or share an error,
gain nothing by being the same. So no text gains more than the right one does, whatever the others
wrote.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def agreements(
    similar: NDArray[np.float64], accents: Sequence[str], values: Sequence[float]
) -> NDArray[np.float64]:
    """How far each transcript agrees with those of the other accents, as far as both are right.

    Args:
        similar: How alike the transcripts are, 0 to 1: [transcripts, transcripts].
        accents: In which each was spoken; several of one are samples of it.
        values: The reward of each by itself.

    Returns:
        0 to 1, in the mean over the other accents; 0 where there is none: [transcripts].
    """
    right = np.clip(np.asarray(values, np.float64), 0.0, 1.0)
    worth = similar * np.minimum(right[:, None], right[None])
    codes, mine = np.unique(np.asarray(accents, np.str_), return_inverse=True)
    member = np.eye(len(codes))[mine]
    means = worth @ member / member.sum(axis=0)
    others = np.where(member > 0, 0.0, means).sum(axis=1)
    agreed: NDArray[np.float64] = others / max(len(codes) - 1, 1)
    return agreed
