"""The agent lane: synthesised speech becomes frames of exactly 20 ms, and words get positions."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import DUCKED, AudioFormat, Reframer, StreamResampler, faded
from talkover.core.clock import FRAME, RATE, rescale
from talkover.server.turns import LaneWord, Ledger

LONGEST: Final = 3 * RATE
"""Ticks of speech that wait to be sent before synthesis is held back. More would only take the
cores from the listener just when the caller may interrupt, and is thrown away if they do."""
ENOUGH: Final = RATE
"""The same while the agent is ducked: somebody may be interrupting, and must be heard quickly."""

_KEPT: Final = 20 * RATE // FRAME  # frames that left and could be said again
_SOFT: Final = 0.5  # of the amplitude: whoever listens speaks low
_RISE: Final = 0.25  # of the gain within a frame: ducking takes one, un-ducking is no jolt


class AgentLane:
    """Frames that wait to be sent, and the ledger of those that were.

    A reply may be held: while it is being prepared, and after the agent yielded. Then nothing
    leaves; ``release`` and ``resume`` let it go on, ``clear`` drops it.

    Args:
        form: Of the audio on the wire.
        voice_rate: Of the audio that is queued (Hz).
    """

    def __init__(self, form: AudioFormat, voice_rate: int) -> None:
        self.ledger = Ledger()
        self.held = False
        self._form = form
        self._voice_rate = voice_rate
        self._frames: deque[NDArray[np.int16]] = deque()
        self._left: deque[tuple[int, NDArray[np.int16]]] = deque(maxlen=_KEPT)
        self._gain = 1.0
        self._target = 1.0
        self._yielded = False
        self._moved = asyncio.Event()
        self._restart()

    @property
    def waiting(self) -> int:
        """Ticks of speech in whole frames that may be sent now."""
        return 0 if self.held else len(self._frames) * FRAME

    @property
    def hungry(self) -> bool:
        """Less than a second is left to send: more is wanted soon."""
        return len(self._frames) * FRAME < RATE

    @property
    def drained(self) -> bool:
        """Nothing is left to send."""
        return not self._frames

    @property
    def _longest(self) -> int:
        return LONGEST if self._target == 1.0 else ENOUGH

    async def room(self) -> None:
        """Wait until there is room for more speech.

        Synthesis need not run far ahead of the ear, and rests while the agent has yielded.
        """
        while self._yielded or len(self._frames) * FRAME > self._longest:
            self._moved.clear()
            await self._moved.wait()

    def begin(self, voice_rate: int) -> None:
        """A new reply begins, held; whatever was left of the last one is gone.

        Args:
            voice_rate: Of the voice that says it (Hz).
        """
        self._voice_rate = voice_rate
        self.clear()
        self.held = True
        self.ledger.begin_reply()

    def queue(self, pcm: NDArray[np.int16], words: list[tuple[str, int, int]]) -> list[LaneWord]:
        """Add speech after what is there.

        Args:
            pcm: int16 [n] at the voice's rate.
            words: Each with its first and last sample in ``pcm``.

        Returns:
            The words with their positions on the agent lane.
        """
        held = rescale(self._reframer.held, self._form.rate)
        base = self.ledger.sent + len(self._frames) * FRAME + held
        placed = [
            LaneWord(text, base + self._ticks(start), base + self._ticks(end))
            for text, start, end in words
        ]
        self.ledger.add(placed)
        self._frames.extend(self._reframer.push(self._resampler.push(pcm)))
        return placed

    def hum(self, pcm: NDArray[np.int16], voice_rate: int) -> None:
        """Add a sound that is no reply, softly: int16 [n] at ``voice_rate`` (Hz)."""
        if voice_rate != self._voice_rate:
            self._voice_rate = voice_rate
            self._restart()
        soft = (pcm * _SOFT).astype(np.int16)
        self._frames.extend(self._reframer.push(self._resampler.push(soft)))

    def finish(self) -> None:
        """The reply has no more speech: let its last samples out."""
        self._frames.extend(self._reframer.push(self._resampler.flush()))
        self._frames.extend(self._reframer.flush())

    def pop(self) -> NDArray[np.int16] | None:
        """The next frame, int16 at the wire's rate, counted as sent; None when there is none."""
        if self.held or not self._frames:
            return None
        frame = self._frames.popleft()
        self._left.append((self.ledger.sent, frame))
        self._moved.set()
        self.ledger.send(FRAME)
        return self._faded(frame)

    # The floor

    def duck(self, *, on: bool) -> None:
        """Say on at -12 dB, or as before."""
        self._target = DUCKED if on else 1.0
        self._moved.set()

    def release(self) -> None:
        """What was prepared may leave."""
        self.held = False

    def stop(self) -> None:
        """Fall silent, and keep what was not said."""
        self.held = self._yielded = True

    def resume(self) -> tuple[Sequence[LaneWord], int]:
        """Go on at the first word that was not heard.

        Returns:
            The words from there on, where they will be now, and how many come before them.
        """
        start, moved, first = self.ledger.rewind()
        while self._left and self._left[-1][0] + FRAME > start:
            self._frames.appendleft(self._left.pop()[1])
        self._left.clear()  # their positions are not those of what follows
        self._gain, self._target = 0.0, 1.0
        self.held = self._yielded = False
        self._moved.set()
        return moved, first

    def clear(self) -> None:
        """Drop all that was not sent."""
        self._frames.clear()
        self._left.clear()
        self._gain = self._target = 1.0
        self.held = self._yielded = False
        self._moved.set()
        self._restart()

    def _faded(self, frame: NDArray[np.int16]) -> NDArray[np.int16]:
        before = self._gain
        self._gain = min(self._target, before + _RISE)  # down at once, up by steps
        if before == self._gain == 1.0:
            return frame
        return faded(frame, before, self._gain)

    def _restart(self) -> None:
        self._resampler = StreamResampler(self._voice_rate, self._form.rate)
        self._reframer = Reframer(self._form.frame_samples)

    def _ticks(self, sample: int) -> int:
        return rescale(sample, self._voice_rate)
