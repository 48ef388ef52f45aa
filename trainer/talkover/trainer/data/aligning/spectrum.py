"""What the aligner sees of a sound: a log-mel spectrogram, every 10 ms. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.listener.mel import STEP, WINDOW, mel_filters

BANDS: Final = 40
STEP_SAMPLES: Final = STEP
"""Samples from a frame to the next: frame t stands for samples 160 t to 160 (t + 1)."""

_HANN: Final = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_FILTERS: Final = mel_filters(BANDS).T.copy()
_QUIET: Final = np.float32(1e-9)
_AROUND: Final = (WINDOW - STEP) // 2


def spectrum(pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels by band and time, so that lines and loudness look alike.

    Args:
        pcm: float32 [n] at 16 kHz.

    Returns:
        float32 [n // 160, BANDS]: each band has mean 0, all of them together have variance 1.
    """
    count = len(pcm) // STEP
    if not count:
        return np.zeros((0, BANDS), np.float32)
    padded = np.pad(pcm, _AROUND)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP][:count]
    bins = np.fft.rfft(frames * _HANN, axis=1)
    power = (bins.real**2 + bins.imag**2).astype(np.float32)
    levels = np.log(power @ _FILTERS + _QUIET)
    levels -= levels.mean(axis=0)
    seen: NDArray[np.float32] = levels / max(float(levels.std()), 1e-3)
    return seen
