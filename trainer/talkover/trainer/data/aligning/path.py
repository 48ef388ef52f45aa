"""The likeliest way through known sounds, in their order. Pure.

A row of states from left to right, a frame each at least, some of which may be passed over: what
hidden Markov models are for (Viterbi 1967; Rabiner 1989, A Tutorial on Hidden Markov Models).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import DataError

_NEVER: Final = np.float32(-1e30)


def best_path(scores: NDArray[np.float32], passing: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which state each frame belongs to.

    Args:
        scores: Log-likelihood of each frame in each state: float32 [frames, states].
        passing: What it costs, in log-likelihood, to pass a state over: float32 [states], 0 or
            less; ``-inf`` where it must not be. Two in a row are never passed over.

    Returns:
        int64 [frames], never decreasing.

    Raises:
        DataError: there are more states than frames.
    """
    frames, states = scores.shape
    passing = np.maximum(passing, _NEVER)
    best = np.full(states, _NEVER)
    if not frames or not states:
        raise _too_short(frames, states)
    best[0] = scores[0, 0]
    if states > 1:
        best[1] = scores[0, 1] + passing[0]
    moves = np.zeros((frames, states), np.int8)
    options = np.full((3, states), _NEVER)
    for frame in range(1, frames):
        options[0] = best
        options[1, 1:] = best[:-1]
        options[2, 2:] = best[:-2] + passing[1:-1]
        moves[frame] = options.argmax(axis=0)
        best = np.maximum(options.max(axis=0) + scores[frame], _NEVER)
    last = states - 1
    if states > 1 and best[-2] + passing[-1] > best[-1]:
        last = states - 2
    if best[last] <= _NEVER / 2:
        raise _too_short(frames, states)
    return _back(moves, last)


def _back(moves: NDArray[np.int8], state: int) -> NDArray[np.int64]:
    found = np.zeros(len(moves), np.int64)
    for frame in range(len(moves) - 1, -1, -1):
        found[frame] = state
        state -= int(moves[frame, state])
    return found


def _too_short(frames: int, states: int) -> DataError:
    return DataError(f"{frames * 10} ms of sound are too short for a text of {states} sounds")
