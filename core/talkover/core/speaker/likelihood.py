"""From the cosine of two embeddings to the chance that one person spoke both."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

BRIEFEST: Final = 0.3
LONGEST: Final = 4.0
"""Seconds within which the length of the audio makes a difference; it was fitted on these."""

Weights = tuple[float, float, float, float]

WEIGHTS: Final[Weights] = (-5.702, 13.099, -1.911, 1.401)
"""Of 1, the cosine, the logarithm of the seconds, and their product: ``scripts/fit_speaker.py``."""

_STEPS: Final = 30
_RIDGE: Final = 1e-3


def same_speaker(cosine: float, seconds: float) -> float:
    """The chance that it is the same person, if before listening it was one in two.

    A logistic regression whose offset and slope depend on how much was heard: short segments of one
    person are less alike than long ones, and their likeness says less.

    Args:
        cosine: Of an embedding with the caller's enrolment, -1 to 1.
        seconds: Of speech behind the embedding (the enrolment had 4.5 s in fitting).
    """
    logit = sum(w * x for w, x in zip(WEIGHTS, _features(cosine, seconds), strict=True))
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def fit_likelihood(
    cosines: NDArray[np.float64],
    seconds: NDArray[np.float64],
    same: NDArray[np.bool_],
    importance: NDArray[np.float64],
) -> Weights:
    """Logistic regression by Newton's method with a slight ridge.

    Args:
        cosines: [n].
        seconds: [n].
        same: [n], whether it was one person.
        importance: [n], what each pair counts.
    """
    x = np.array([_features(*pair) for pair in zip(cosines, seconds, strict=True)])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-x @ weights))
        slope = x.T @ (importance * (chance - same)) + _RIDGE * weights
        curve = (x.T * (importance * chance * (1 - chance))) @ x + _RIDGE * np.eye(x.shape[1])
        weights = weights - np.linalg.solve(curve, slope)
    first, second, third, fourth = (float(weight) for weight in weights)
    return (first, second, third, fourth)


def _features(cosine: float, seconds: float) -> Weights:
    length = math.log(max(BRIEFEST, min(LONGEST, seconds)))
    return (1.0, cosine, length, cosine * length)
