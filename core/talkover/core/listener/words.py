"""When each word was said: where the decoder looked while it wrote it.

Some cross-attention heads of Whisper follow the sound. Their weights are normalised over the
tokens, smoothed over time, averaged, and the cheapest monotonic path through them tells at which
frame each token begins (dynamic time warping; the method of Radford et al. 2022's reference
implementation).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import FRAME
from talkover.core.listener.tokens import Piece
from talkover.core.listener.types import Word

_SMOOTHED_FRAMES: Final = 7
_LEAST_FRAMES: Final = 2


def words_in_time(
    pieces: Sequence[Piece],
    log_probs: Sequence[float],
    attention: NDArray[np.float32],
    samples: int,
) -> tuple[Word, ...]:
    """Put words on the media clock.

    Args:
        pieces: The words, as tokens.
        log_probs: Of the tokens.
        attention: [heads, tokens, frames] or one token more, that of the end: where the heads
            looked when each token was about to be written. 20 ms a frame.
        samples: How long the sound is, without padding.

    Returns:
        Words whose times ascend and lie within the sound.
    """
    if not pieces:
        return ()
    frames = min(attention.shape[2], max(_LEAST_FRAMES, -(-samples // FRAME)))
    begins = token_starts(attention[:, :, :frames])
    bounds = [*(min(int(begin) * FRAME, samples) for begin in begins), samples]
    words = []
    for piece in pieces:
        mean = float(np.mean(log_probs[piece.first : piece.last]))
        start, end = bounds[piece.first], bounds[min(piece.last, len(bounds) - 1)]
        words.append(Word(piece.text, start, max(start, end), min(1.0, float(np.exp(mean)))))
    return tuple(words)


def token_starts(attention: NDArray[np.float32]) -> NDArray[np.int64]:
    """The frame at which each token begins.

    Args:
        attention: [heads, tokens, frames], weights.

    Returns:
        [tokens], ascending.
    """
    spread = attention.std(axis=1, keepdims=True)
    normal = (attention - attention.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-9)
    likeness = _smooth(normal).mean(axis=0)
    return cheapest_path(-likeness.astype(np.float64))


def cheapest_path(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """The column at which the cheapest monotonic path enters each row.

    The path goes from the first cell to the last, a step down, right, or both at a time.

    Args:
        costs: [rows, columns].
    """
    rows, columns = costs.shape
    total = np.empty_like(costs)
    above = np.full(columns, np.inf)
    for row in range(rows):
        # A cell is entered from above or from the upper left, then the path runs right: the
        # cheapest way to do both is a running minimum over where it came in.
        enter = np.minimum(above, np.concatenate(([np.inf], above[:-1])))
        if row == 0:
            enter[0] = 0.0
        run = np.cumsum(costs[row])
        before = np.concatenate(([0.0], run[:-1]))
        total[row] = run + np.minimum.accumulate(enter - before)
        above = total[row]
    return _trace_back(total)


def _trace_back(total: NDArray[np.float64]) -> NDArray[np.int64]:
    row, column = total.shape[0] - 1, total.shape[1] - 1
    entered = np.zeros(total.shape[0], np.int64)
    while row > 0:
        left = total[row, column - 1] if column > 0 else np.inf
        diagonal = total[row - 1, column - 1] if column > 0 else np.inf
        up = total[row - 1, column]
        if left < diagonal and left < up:
            column -= 1
            continue
        entered[row] = column
        row -= 1
        if diagonal <= up:
            column -= 1
    return entered


def _smooth(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """A median over neighbouring frames, mirrored at the ends."""
    frames = weights.shape[-1]
    half = min(_SMOOTHED_FRAMES // 2, frames - 1)
    padded = np.pad(weights, ((0, 0), (0, 0), (half, half)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=-1)
    median: NDArray[np.float32] = np.median(windows, axis=-1)
    return median
