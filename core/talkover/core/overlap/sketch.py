"""The latest moments of a sound as a small picture: what a syllable looks like, not only how long.

Summary figures (``sound``) cannot tell "sure" from "stop". Bands are of telephone width, and levels
are relative to the picture's loudest, so that lines and loudness look alike.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE

BANDS: Final = 16
FRAMES: Final = 48
STEP: Final = 256
"""Samples from one frame to the next, 16 ms: the picture shows 0.77 s."""
_WINDOW: Final = 512
_LENGTH: Final = (FRAMES - 1) * STEP + _WINDOW
_LOW, _HIGH = 100.0, 3_800.0  # Hz
_RANGE: Final = np.float32(50.0)  # dB under the loudest: what is below shows as 0
_DECIBELS: Final = np.float32(25.0)  # dB that count 1
_QUIET: Final = np.float32(1e-9)
_HANN: Final = np.hanning(_WINDOW).astype(np.float32)


def sketch(pcm: NDArray[np.int16]) -> NDArray[np.float32]:
    """Draw the end of a sound.

    Args:
        pcm: int16 [n] at 16 kHz, up to now; before its beginning there is silence.

    Returns:
        float32 [BANDS, FRAMES] from 0 to 2, the last frame the newest.
    """
    sound = np.zeros(_LENGTH, np.float32)
    kept = pcm[-_LENGTH:]
    if len(kept):
        sound[-len(kept) :] = kept.astype(np.float32) * np.float32(1 / 32_768)
    frames = np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::STEP]
    spectrum = np.fft.rfft(frames * _HANN, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    levels = 10 * np.log10(power @ _FILTERS + _QUIET)
    picture = (levels - levels.max() + _RANGE) / _DECIBELS
    drawn: NDArray[np.float32] = np.ascontiguousarray(np.maximum(picture, 0).T, np.float32)
    return drawn


def _filters() -> NDArray[np.float32]:
    """Triangles equally wide in mel: [bins, BANDS]."""
    bins = np.arange(_WINDOW // 2 + 1) * RATE / _WINDOW
    low, high = (2_595 * math.log10(1 + frequency / 700) for frequency in (_LOW, _HIGH))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2_595) - 1)
    rising = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    filters: NDArray[np.float32] = np.maximum(np.minimum(rising, falling), 0).astype(np.float32)
    return filters


_FILTERS: Final = _filters()
