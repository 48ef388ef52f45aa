"""The constants of Whisper's log-mel spectrogram.

A frame is 400 samples under a periodic Hann window, every 160 samples; 201 power bins go through
triangular filters on Slaney's mel scale (linear below 1 kHz, logarithmic above), each of unit area
(Slaney, Auditory Toolbox, 1998; Radford et al. 2022 for the parameters).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE

WINDOW: Final = 400
"""Samples in a frame of the spectrogram."""

STEP: Final = 160
"""Samples from one frame to the next."""

BINS: Final = WINDOW // 2 + 1

_KNEE_HZ = 1000.0
_HZ_A_MEL = 200.0 / 3
_KNEE_MEL = _KNEE_HZ / _HZ_A_MEL
_LOG_STEP = np.log(6.4) / 27


def fourier_basis() -> NDArray[np.float32]:
    """Windowed cosines, then windowed sines: shape [2 * 201, 400]."""
    n = np.arange(WINDOW)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW)
    turns = 2 * np.pi * (np.outer(np.arange(BINS), n) % WINDOW) / WINDOW
    basis = np.concatenate([np.cos(turns), np.sin(turns)]) * window
    return basis.astype(np.float32)


def mel_filters(bands: int) -> NDArray[np.float32]:
    """The triangular filters: shape [bands, 201]."""
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(RATE / 2), bands + 2))
    bins = np.linspace(0.0, RATE / 2, BINS)
    ramps = edges[:, None] - bins[None, :]
    widths = np.diff(edges)
    rising = -ramps[:-2] / widths[:-1, None]
    falling = ramps[2:] / widths[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]
    return triangles.astype(np.float32)


def _hz_to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _HZ_A_MEL
    return float(_KNEE_MEL + np.log(hz / _KNEE_HZ) / _LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _HZ_A_MEL, above)
