"""Pieces of speech one after another, as if one mouth had said them at one go. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import DataError
from talkover.trainer.data.mouths import Sound, Utterance

_FADE: Final = 0.005  # seconds
_LOUD: Final = 0.05  # of a sound's loudest 20 ms: what is softer is no speech
_MOST: Final = 4.0  # a piece is made so much louder or softer at most


def joined(parts: Sequence[tuple[Utterance, float]]) -> Utterance:
    """Pieces as loud as the first where they speak, with soft edges and silence between.

    Args:
        parts: Each with the seconds of silence after it; after the last there is none.

    Returns:
        All of it, every word as far from the others as it was.

    Raises:
        DataError: there are no pieces.
    """
    if not parts:
        raise DataError("nothing to join")
    wanted = loudness(parts[0][0].pcm)
    sound: list[Sound] = []
    words = []
    at = 0
    for place, (part, gap) in enumerate(parts):
        words += [word.later(at) for word in part.words]
        silence = round(gap * RATE) if place < len(parts) - 1 else 0
        sound += [_edged(part.pcm * _gain(part.pcm, wanted)), np.zeros(silence, np.float32)]
        at += len(part.pcm) + silence
    pcm = np.concatenate(sound)
    most = float(np.abs(pcm).max(initial=0.0))
    return Utterance(pcm / np.float32(max(most, 1.0)), tuple(words))


def loudness(sound: Sound) -> float:
    """Root mean square of where there is speech."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    if not len(frames):
        return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0
    power = (frames**2).mean(axis=1)
    return float(np.sqrt(power[power >= power.max() * _LOUD].mean()))


def _gain(sound: Sound, wanted: float) -> np.float32:
    there = loudness(sound)
    if not there or not wanted:
        return np.float32(1.0)
    return np.float32(np.clip(wanted / there, 1 / _MOST, _MOST))


def _edged(sound: Sound) -> Sound:
    """From silence and into it."""
    count = min(round(_FADE * RATE), len(sound) // 2)
    if not count:
        return sound
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
    edged = sound.copy()
    edged[:count] *= ramp
    edged[-count:] *= ramp[::-1]
    return edged
