"""A piece of sound that a script plays: trimmed, levelled, and knowing what it is. Pure."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE

Samples = NDArray[np.int16]

LEVEL: Final = -22.0
"""dBFS, root mean square where it sounds: how loud callers speak."""
_PEAK: Final = 0.9  # of full scale; louder is turned down, not clipped
_EDGE: Final = 40.0  # dB under the loudest 5 ms: quieter edges are cut off
_STEP: Final = 80  # samples, 5 ms
_FADE: Final = 480  # samples, 30 ms: how a word breaks off


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A sound, 16 kHz.

    Attributes:
        pcm: int16 [samples]; its first and last samples are those of the sound.
        text: What is said in it; empty for what is no speech.
        voice: Who or what it is.
        language: ISO 639-1.
    """

    pcm: Samples
    text: str
    voice: str
    language: str = "en"

    def louder(self, decibels: float) -> "Clip":
        """The same by some decibels, as far as there is room."""
        return replace(self, pcm=_scaled(self.pcm, 10 ** (decibels / 20)))

    def cut(self, seconds: float) -> "Clip":
        """Its beginning alone, breaking off as speech does; words that are cut are not said."""
        count = min(round(seconds * RATE), len(self.pcm))
        kept = self.pcm[:count].astype(np.float64)
        fade = min(_FADE, count)
        kept[count - fade :] *= np.linspace(1, 0, fade)
        return replace(self, pcm=np.rint(kept).astype(np.int16), text="")


def levelled(pcm: Samples, level: float = LEVEL) -> Samples:
    """Trim silent edges and bring what sounds to a level (dBFS); int16 [samples].

    Nothing is left of silence.
    """
    frames = pcm[: len(pcm) // _STEP * _STEP].reshape(-1, _STEP).astype(np.float64)
    power = np.square(frames / 32_768).mean(axis=1) if len(frames) else np.zeros(0)
    if not len(power) or power.max() < 1e-9:
        return np.zeros(0, np.int16)
    sounding = power >= power.max() * 10 ** (-_EDGE / 10)
    first, last = np.flatnonzero(sounding)[[0, -1]]
    now = 10 * np.log10(power[sounding].mean())
    return _scaled(pcm[first * _STEP : (last + 1) * _STEP], 10 ** ((level - now) / 20))


def middle_gap(pcm: Samples, *, low: float = 0.25, high: float = 0.75) -> tuple[int, int]:
    """Where speech can be parted with least harm: its quietest stretch between two shares.

    Args:
        pcm: int16 [samples].
        low: Share of its length before which it is not parted.
        high: And after which.

    Returns:
        Where the first part ends and the second begins (samples): the silence between them, or
        the same place twice where there is none.
    """
    steps = len(pcm) // _STEP
    frames = pcm[: steps * _STEP].reshape(-1, _STEP).astype(np.float64) / 32_768
    level = 10 * np.log10(np.maximum(np.square(frames).mean(axis=1), 1e-10))
    smooth = np.convolve(level, np.ones(6) / 6, "same")  # 30 ms: a stop consonant is no gap
    begin, end = round(low * steps), max(round(high * steps), round(low * steps) + 1)
    place = begin + int(np.argmin(smooth[begin:end]))
    quiet = level < level.max() - _EDGE
    first = last = place
    if quiet[place]:
        while first > 0 and quiet[first - 1]:
            first -= 1
        while last + 1 < steps and quiet[last + 1]:
            last += 1
        return first * _STEP, (last + 1) * _STEP
    return place * _STEP, place * _STEP


def _scaled(pcm: Samples, gain: float) -> Samples:
    peak = float(np.abs(pcm.astype(np.int32)).max(initial=0)) / 32_768
    gain = min(gain, _PEAK / peak) if peak else gain
    return np.rint(pcm.astype(np.float64) * gain).astype(np.int16)
