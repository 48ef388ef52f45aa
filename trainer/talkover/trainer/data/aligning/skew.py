"""By how much words are late against the sound in which they should be.

The sounds that are claimed are looked for in what the ear hears, some time earlier and later: where
they fit best tells the lag. That is stronger than loudness, which knows edges of speech alone and
loses them in noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.trainer.data.aligning.aligner import Aligner
from talkover.trainer.data.aligning.spectrum import STEP_SAMPLES
from talkover.trainer.data.timing import TimedWord

FARTHEST: Final = 40
"""Frames of 10 ms by which words are looked for, earlier and later."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Where words fit.

    Attributes:
        samples: By which they are claimed later than they are heard; negative: earlier.
        fit: Log-likelihood of a frame there, against the likeliest sounds: 0 at best.
        sure: By how much that is better than at the other places on average.
    """

    samples: float
    fit: float
    sure: float


def lag_of(aligner: Aligner, heard: NDArray[np.float32], words: Sequence[TimedWord]) -> Lag | None:
    """Estimate the lag of words.

    Args:
        aligner: That heard the sound.
        heard: What it made of it: float32 [frames, symbols].
        words: With their sounds.

    Returns:
        None if there is nothing to judge by: no words with sounds in it, or no sound.
    """
    symbols, states = claimed(words, len(heard))
    if not len(states) or not states.any():
        return None
    scores = aligner.scores(heard, symbols)
    fits = np.array([_fit(scores, states, by) for by in range(-FARTHEST, FARTHEST + 1)])
    place = int(fits.argmax())
    frames = place - FARTHEST + _between(fits, place)
    return Lag(-frames * STEP_SAMPLES, float(fits[place]), float(fits[place] - fits.mean()))


def claimed(words: Sequence[TimedWord], frames: int) -> tuple[list[str], NDArray[np.int64]]:
    """What should be heard in each frame.

    Returns:
        Symbols, the first a pause; and the place of one of them for each frame: int64 [frames].
    """
    sounds = [phone for word in words for phone in word.phones]
    symbols = ["", *dict.fromkeys(phone.symbol for phone in sounds)]
    found = np.zeros(frames, np.int64)
    middles = np.arange(frames) * STEP_SAMPLES + STEP_SAMPLES // 2
    for phone in sounds:
        begin, end = np.searchsorted(middles, (phone.start, phone.end))
        found[begin:end] = symbols.index(phone.symbol)
    return symbols, found


def _fit(scores: NDArray[np.float32], states: NDArray[np.int64], by: int) -> float:
    """Mean score when everything is heard ``by`` frames later than it is claimed."""
    count = len(states) - abs(by)
    if count <= 0:
        return -np.inf
    heard = scores[max(by, 0) : max(by, 0) + count]
    said = states[max(-by, 0) : max(-by, 0) + count]
    return float(heard[np.arange(count), said].mean())


def _between(fits: NDArray[np.float64], place: int) -> float:
    """The top of the parabola through the best place and its neighbours, in frames from it."""
    if not 0 < place < len(fits) - 1 or not np.isfinite(fits[place - 1 : place + 2]).all():
        return 0.0
    left, best, right = fits[place - 1 : place + 2]
    curve = left - 2 * best + right
    return float(0.5 * (left - right) / curve) if curve else 0.0
