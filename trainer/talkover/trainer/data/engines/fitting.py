"""What engines make, one behind another. Pure."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.trainer.data.mouths import Sound, Utterance
from talkover.trainer.data.timing import TimedWord

_MARGIN: Final = round(0.05 * RATE)
_PAUSE: Final = np.zeros(round(0.25 * RATE), np.float32)


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
