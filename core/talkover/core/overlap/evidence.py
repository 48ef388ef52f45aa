"""What is known of a sound that the caller makes while the agent speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkover.core.words import WordEvidence


@dataclass(frozen=True, slots=True, eq=False)
class OverlapEvidence:
    """An overlap so far.

    Attributes:
        pcm: The caller's echo-cleaned audio, int16 [n] at 16 kHz, from ``LEAD`` before the onset
            to now. Of more than 2 s the last 2 s are looked at.
        voice: Probability of voice in each hop (32 ms) since the onset.
        echo: How likely each hop since the onset is the agent's own voice, 0 to 1.
        level: The caller's usual level of speech: RMS of voiced hops (dBFS); None: unknown.
        similarity: Probability that the voice is the enrolled caller's; None: unknown.
        words: What the words so far say; None: nothing was transcribed yet.
        own: Share of those words that the agent has just said.
        words_age: Seconds from the end of the audio that the words cover until now; 0 if none.
    """

    pcm: NDArray[np.int16]
    voice: Sequence[float]
    echo: Sequence[float]
    level: float | None = None
    similarity: float | None = None
    words: WordEvidence | None = None
    own: float = 0.0
    words_age: float = 0.0
