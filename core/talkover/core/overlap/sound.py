"""The shape of a sound, in a few figures: level, colour, pitch, rhythm.

Everything is measured on hops of 32 ms at 8 kHz, so that wideband and telephone callers look
alike.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import HOP, RATE

LEAD: Final = 0.2
"""Seconds of audio in front of the onset."""
LONGEST: Final = 2 * RATE
"""Samples that are looked at."""
_RATE: Final = RATE // 2
_HOP: Final = HOP // 2
_SECONDS: Final = HOP / RATE
_FLOOR: Final = 1e-5
"""Of full scale, -100 dBFS: silence."""
_FFT: Final = 2 * _HOP  # zero-padded, so that the autocorrelation does not wrap around
_LAGS: Final = slice(_RATE // 400, _RATE // 70)
"""Of the pitch: 70 to 400 Hz."""
_ACTIVE: Final = 20.0
"""dB below the loudest hop: what is quieter says nothing about colour and pitch."""
_LATEST: Final = 32
"""Loud hops that colour and pitch are taken from, the last ones: about a second."""
_PERIODIC: Final = 0.5
_BINS: Final = np.arange(_FFT // 2 + 1, dtype=np.float32) * np.float32(_RATE / _FFT)
_BAND: Final = slice(int(100 * _FFT / _RATE), int(3800 * _FFT / _RATE))
_HANN: Final = np.hanning(_HOP).astype(np.float32)
_OVERLAP: Final = np.fft.irfft(np.abs(np.fft.rfft(_HANN, _FFT)) ** 2)[_LAGS].astype(np.float32)
"""Autocorrelation of the window; dividing by it (Boersma 1993) makes lags comparable."""
_OWN_SHARE: Final = _OVERLAP / np.float32((_HANN**2).sum())

SOUND_NAMES: Final = (
    "level", "peak", "rise", "above_before", "attack", "falling",
    "modulation", "dips", "energy_slope",
    "centroid", "centroid_spread", "flatness", "flux", "crossings", "highs",
    "periodicity", "periodicity_max", "periodic_share",
    "pitch", "pitch_range", "pitch_slope",
)  # fmt: skip


def sound_features(pcm: NDArray[np.int16]) -> tuple[float, NDArray[np.float32]]:
    """Measure a sound.

    Args:
        pcm: int16 [n] at 16 kHz, ``LEAD`` before the onset until now.

    Returns:
        The level of its loud hops (dBFS), and one figure for each of ``SOUND_NAMES``, of the order
        of 1.
    """
    audio = pcm[-LONGEST:]
    lead = max(0, int(LEAD * RATE) - max(0, len(pcm) - LONGEST)) // HOP
    hops = _hops(audio)
    if not len(hops):
        return -100.0, np.zeros(len(SOUND_NAMES), np.float32)
    power = np.einsum("ij,ij->i", hops, hops) / _HOP
    levels = 20 * np.log10(np.sqrt(power) + _FLOOR)
    lead = min(lead, len(hops) - 1)
    since = levels[lead:]
    loudest = float(since.max())
    active = (np.flatnonzero(since > loudest - _ACTIVE) + lead)[-_LATEST:]
    loud = float(10 * np.log10(np.mean(power[lead:][since >= loudest - 10]) + _FLOOR**2))
    before = float(levels[:lead].mean()) if lead else loudest
    figures = [
        *_energy(levels, since, loud, loudest, before, float(np.abs(hops[lead:]).max())),
        *_colour(hops[active], active * _SECONDS),
    ]
    return loud, np.array(figures, np.float32)


def _hops(audio: NDArray[np.int16]) -> NDArray[np.float32]:
    """Whole hops at 8 kHz [n, 256], without their mean; the last one ends now."""
    count = len(audio) // HOP
    whole = audio[len(audio) - count * HOP :].astype(np.float32) * np.float32(1 / 32_768)
    hops: NDArray[np.float32] = (whole[0::2] + whole[1::2]).reshape(count, _HOP) * np.float32(0.5)
    return hops - hops.mean(axis=1, keepdims=True) if count else hops


def _energy(
    levels: NDArray[np.float32],
    since: NDArray[np.float32],
    loud: float,
    loudest: float,
    before: float,
    peak: float,
) -> list[float]:
    """Level and rhythm; ``levels`` are dBFS of all hops, ``since`` of those since the onset."""
    heard = np.maximum(since, loudest - 40)
    steps = np.diff(levels) if len(levels) > 1 else np.zeros(1, np.float32)
    inner = heard[1:-1]
    dips = float(((inner < heard[:-2] - 3) & (inner <= heard[2:])).sum()) if len(heard) > 2 else 0.0
    return [
        (loud + 60) / 30,
        peak,
        float(steps.max()) / 30,
        (loud - before) / 40,
        float(np.argmax(since)) * _SECONDS,
        (loudest - float(since[-3:].mean())) / 30,
        float(heard.std()) / 10,
        dips / (len(heard) * _SECONDS) / 5,
        _slope(np.arange(len(heard)) * _SECONDS, heard) / 60,
    ]


def _colour(hops: NDArray[np.float32], times: NDArray[np.floating]) -> list[float]:
    """Spectrum and pitch of hops [n, 256] that are loud enough to have them; n is at least 1."""
    power = np.abs(np.fft.rfft(hops * _HANN, _FFT)).astype(np.float32) ** 2 + np.float32(1e-12)
    band = np.ascontiguousarray(power[:, _BAND])
    total = band.sum(axis=1)
    centroid = np.einsum("ij,j->i", band, _BINS[_BAND]) / total / np.float32(1000)
    logs = np.log(band)
    flatness = np.exp(logs.mean(axis=1)) * np.float32(band.shape[1]) / total
    flux = np.abs(np.diff(np.log10(band[:, ::4]), axis=0)).mean() if len(hops) > 1 else 0.0
    changes = np.signbit(hops[:, 1:]) != np.signbit(hops[:, :-1])
    edges = np.diff(hops, axis=1)
    highs = np.einsum("ij,ij->", edges, edges) / (np.einsum("ij,ij->", hops, hops) + _FLOOR**2)
    return [
        float(centroid.mean()),
        float(centroid.std()),
        float(flatness.mean()) * 2,
        float(flux),
        float(changes.mean()) * 2,
        float(highs),
        *_pitch(power, times),
    ]


def _pitch(power: NDArray[np.float32], times: NDArray[np.floating]) -> list[float]:
    """From the autocorrelation, the transform of the power spectrum [n, 257]."""
    whole = np.fft.irfft(power)
    ratio = whole[:, _LAGS] / (whole[:, :1] * _OWN_SHARE)
    best = ratio.argmax(axis=1)
    height = np.clip(ratio[np.arange(len(ratio)), best], 0, 1)
    periodic = np.flatnonzero(height > _PERIODIC)
    figures = [float(height.mean()), float(height.max()), len(periodic) / len(height)]
    if not len(periodic):
        return [*figures, 0.0, 0.0, 0.0]
    octaves = np.log2(_RATE / (best[periodic] + float(_LAGS.start)) / 100)
    ordered = np.sort(octaves)
    cut = len(ordered) // 10
    return [
        *figures,
        float(ordered[len(ordered) // 2]),
        float(ordered[len(ordered) - 1 - cut] - ordered[cut]),
        _slope(times[periodic], octaves) / 4,
    ]


def _slope(times: NDArray[np.floating], values: NDArray[np.floating]) -> float:
    """Of the straight line through some points, by least squares; 0 for fewer than three."""
    if len(times) < 3:
        return 0.0
    centred = times - times.mean()
    return float(centred @ values / (centred @ centred))
