"""Lowering the agent's voice: the server does it to what it sends, the SDK to what has arrived."""

from typing import Final

import numpy as np

from talkover.core.audio.codec import Samples

DUCKED: Final = 0.25
"""What a ducked agent's amplitude is multiplied with: -12 dB."""


def faded(pcm: Samples, before: float, after: float) -> Samples:
    """Samples whose gain goes from one value to another in a straight line.

    Args:
        pcm: int16 [n].
        before: Gain of the first sample.
        after: Gain of the last.
    """
    ramp = np.linspace(before, after, len(pcm), dtype=np.float32)
    return (pcm * ramp).astype(np.int16)


def levelled(pcm: Samples) -> Samples:
    """Samples that were faded from 1 to ``DUCKED``, as if they had been ``DUCKED`` from the first.

    Args:
        pcm: int16 [n].
    """
    ramp = np.linspace(1.0, DUCKED, len(pcm), dtype=np.float32)
    return (pcm * (DUCKED / ramp)).astype(np.int16)
