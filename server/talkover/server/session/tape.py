"""The last stretch of a lane's audio, addressed by the media clock."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE


class Tape:
    """Audio from ``start`` to ``end`` on the media clock; the oldest falls off.

    Args:
        longest: Seconds that are kept at most.
    """

    def __init__(self, longest: float) -> None:
        self._longest = int(longest * RATE)
        self._chunks: deque[NDArray[np.int16]] = deque()
        self.start = 0
        self.end = 0

    def append(self, pcm: NDArray[np.int16]) -> None:
        """Add int16 [n] at 16 kHz at the end."""
        if not len(pcm):
            return
        self._chunks.append(pcm)
        self.end += len(pcm)
        self.trim(self.end - self._longest)

    def skip(self, end: int) -> None:
        """Nothing more until ``end``: silence, without the memory that it would take."""
        if end - self.end > self._longest:
            self._chunks.clear()
            self.start = self.end = end
        elif end > self.end:
            self.append(np.zeros(end - self.end, np.int16))

    def trim(self, before: int) -> None:
        """Forget what lies wholly before a position."""
        while self._chunks and self.start + len(self._chunks[0]) <= before:
            self.start += len(self._chunks.popleft())

    def cut(self, start: int, end: int) -> NDArray[np.int16]:
        """A copy of int16 [end - start]; what is no longer or not yet there is silence."""
        out = np.zeros(max(0, end - start), np.int16)
        position = self.start
        for chunk in self._chunks:
            low, high = max(start, position), min(end, position + len(chunk))
            if low < high:
                out[low - start : high - start] = chunk[low - position : high - position]
            position += len(chunk)
        return out
