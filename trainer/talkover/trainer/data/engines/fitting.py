"""What engines make, brought to one rate and put one behind another. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import soxr

from talkover.core.clock import RATE
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.mouths import Sound, Utterance
from talkover.trainer.data.timing import TimedWord, time_words

_MARGIN: Final = round(0.05 * RATE)
_PAUSE: Final = np.zeros(round(0.25 * RATE), np.float32)


def fitted(
    pcm: Sound, rate: float, heard: Sequence[tuple[int, str]], words: Sequence[SaidWord]
) -> Utterance:
    """At 16 kHz, with the times of the words.

    Args:
        pcm: float32 [n] at another rate.
        rate: Which (Hz). A wrong one makes a speaker of another size.
        heard: The samples of it at which sounds begin, and which; empty ones are pauses.
        words: What the engine was given.
    """
    sound = np.asarray(soxr.resample(pcm, rate, RATE), np.float32)
    begins = [(round(begin * RATE / rate), name) for begin, name in heard]
    return Utterance(sound, tuple(time_words(words, begins, len(sound))))


def joined(said: Sequence[Utterance]) -> Utterance:
    """Sentences with pauses between them, without the silence around each."""
    parts: list[Sound] = [np.zeros(0, np.float32)]
    words: list[TimedWord] = []
    for number, one in enumerate(said):
        begin = max(0, one.words[0].start - _MARGIN)
        end = min(len(one.pcm), one.words[-1].end + _MARGIN)
        if number:
            parts.append(_PAUSE)
        by = sum(map(len, parts)) - begin
        words += [word.later(by) for word in one.words]
        parts.append(one.pcm[begin:end])
    return Utterance(np.concatenate(parts), tuple(words))
