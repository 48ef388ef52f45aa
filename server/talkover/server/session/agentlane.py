"""The agent lane: synthesised speech becomes frames of exactly 20 ms, and words get positions."""

import asyncio
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import AudioFormat, Reframer, StreamResampler, encode
from talkover.core.clock import FRAME, RATE, rescale
from talkover.server.turns import LaneWord, Ledger

LONGEST: Final = 15 * RATE
"""Ticks of speech that wait to be sent before synthesis is held back."""


class AgentLane:
    """Frames that wait to be sent, and the ledger of those that were.

    Args:
        form: Of the audio on the wire.
        voice_rate: Of the audio that is queued (Hz).
    """

    def __init__(self, form: AudioFormat, voice_rate: int) -> None:
        self.ledger = Ledger()
        self._form = form
        self._voice_rate = voice_rate
        self._frames: deque[NDArray[np.int16]] = deque()
        self._sent = asyncio.Event()
        self._restart()

    @property
    def waiting(self) -> int:
        """Ticks of speech in whole frames that wait to be sent."""
        return len(self._frames) * FRAME

    async def room(self) -> None:
        """Wait until there is room for more speech: synthesis need not run far ahead of the ear."""
        while self.waiting > LONGEST:
            self._sent.clear()
            await self._sent.wait()

    def begin(self) -> None:
        """A new reply begins; whatever was left of the last one is gone."""
        self.clear()
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
        base = self.ledger.sent + self.waiting + held
        placed = [
            LaneWord(text, base + self._ticks(start), base + self._ticks(end))
            for text, start, end in words
        ]
        self.ledger.add(placed)
        self._frames.extend(self._reframer.push(self._resampler.push(pcm)))
        return placed

    def finish(self) -> None:
        """The reply has no more speech: let its last samples out."""
        self._frames.extend(self._reframer.push(self._resampler.flush()))
        self._frames.extend(self._reframer.flush())

    def pop(self) -> bytes | None:
        """The next frame as it goes over the wire, counted as sent; None when there is none."""
        if not self._frames:
            return None
        frame = self._frames.popleft()
        self._sent.set()
        self.ledger.send(FRAME)
        return encode(frame, self._form.encoding)

    def clear(self) -> None:
        """Drop all that was not sent."""
        self._frames.clear()
        self._sent.set()
        self._restart()

    def _restart(self) -> None:
        self._resampler = StreamResampler(self._voice_rate, self._form.rate)
        self._reframer = Reframer(self._form.frame_samples)

    def _ticks(self, sample: int) -> int:
        return rescale(sample, self._voice_rate)
