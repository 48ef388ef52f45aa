"""What the agent said when, laid on the media clock for the echo canceller."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import AudioFormat, StreamResampler
from talkover.core.clock import FRAME, RATE
from talkover.server.session.tape import Tape

_KEPT: Final = 2.0  # seconds; caller audio lags by less, or is filled up with silence
_TAIL: Final = 2 * RATE
"""Ticks after the agent's last frame during which an echo of it may still come in."""


class FarEnd:
    """The agent's frames by the time at which they left.

    Args:
        form: Of the audio on the wire.
    """

    def __init__(self, form: AudioFormat) -> None:
        self._form = form
        self._tape = Tape(_KEPT)
        self._resampler = StreamResampler(form.rate, RATE)

    def put(self, at: int, frame: NDArray[np.int16]) -> None:
        """A frame left at ``at`` on the media clock: int16 [n] at the wire's rate."""
        if at - self._tape.end > FRAME:  # a new burst: after a pause, or late
            self._resampler = StreamResampler(self._form.rate, RATE)
            self._tape.skip(at)
        self._tape.append(self._resampler.push(frame))

    def cut(self, start: int, end: int) -> NDArray[np.int16] | None:
        """What left between two times, int16 [end - start]; None if it was long ago."""
        if self._tape.end == 0 or start - self._tape.end > _TAIL:
            return None
        return self._tape.cut(start, end)
