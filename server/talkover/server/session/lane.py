"""The caller lane: bytes from the wire become hops of audio on the media clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import AudioFormat, Reframer, StreamResampler, decode
from talkover.core.clock import HOP, RATE, samples
from talkover.core.errors import ProtocolError
from talkover.server.session.tape import Tape

_KEEP: Final = 32.0  # seconds: more than the longest segment
_LEAD: Final = samples(1.0)
_GAP: Final = samples(1.0)
_STALL: Final = samples(0.25)


@dataclass(frozen=True, slots=True)
class Hop:
    """32 ms of the caller lane: ``pcm``, int16 [512], which ends at ``end`` on the media clock."""

    end: int
    pcm: NDArray[np.int16]


class CallerLane:
    """Where the caller's audio lands.

    It comes in, is judged hop by hop elsewhere, and what was judged is kept on the tape.

    Args:
        form: Of the audio on the wire.
    """

    def __init__(self, form: AudioFormat) -> None:
        self.tape = Tape(_KEEP)
        self._form = form
        self._resampler = StreamResampler(form.rate, RATE)
        self._hops = Reframer(HOP)
        self._end = 0
        self._cut = 0  # where the last whole hop ended
        self._arrived: int | None = None  # when the last chunk did, on the session's clock

    @property
    def end(self) -> int:
        """Where the audio that came in ends on the media clock."""
        return self._end

    @property
    def judged(self) -> int:
        """Where the audio that was judged ends: what came after is not known yet."""
        return self.tape.end

    @property
    def pending(self) -> bool:
        """Hops came in that are not judged yet."""
        return self._cut > self.tape.end

    def keep(self, pcm: NDArray[np.int16]) -> None:
        """A hop was judged: int16 [512]."""
        self.tape.append(pcm)

    def lead(self, now: int) -> int:
        """Ticks that the lane is further ahead of ``now`` than it may be."""
        return max(0, self.end - now - _LEAD)

    def now(self, clock: int) -> int:
        """The session's time as this lane counts it.

        The lane lags the clock by the network's delay. While audio flows, the end of what was
        judged is "now"; when it does not, time goes on from there.
        """
        if self._arrived is None:
            return clock
        idle = clock - self._arrived
        return self.judged + (idle if idle > _STALL else 0)

    def stalled(self, clock: int) -> bool:
        """No audio came for a while."""
        return self._arrived is None or clock - self._arrived > _STALL

    def feed(self, data: bytes, starts_at: int, now: int) -> Iterator[Hop]:
        """Take a chunk as it came and give each hop that it completed.

        A caller who fell more than a second behind, or who declared a gap, is given silence
        where audio is missing, so that the lane stays on the clock. The hops are made as they
        are taken: an hour's gap does not need an hour's memory.

        Raises:
            ProtocolError: the chunk begins before the lane's end, or in the far future.
            AudioError: it cannot be decoded.
        """
        pcm = decode(data, self._form.encoding)
        yield from self._fill(self._gap(starts_at, len(pcm), now))
        self._arrived = now
        yield from self._append(self._resampler.push(pcm))

    def _gap(self, starts_at: int, count: int, now: int) -> int:
        if starts_at:
            # Resampling holds a few ticks back; a caller who counts exactly is not early.
            if starts_at < self.end:
                raise ProtocolError("audio that begins before the last chunk ended")
            if starts_at > now + _LEAD:
                raise ProtocolError("audio from more than a second in the future")
            gap = starts_at - self.end
            return gap if gap > samples(self._resampler.delay) + 1 else 0
        behind = now - self.end - count * RATE // self._form.rate
        return behind if behind > _GAP or self._arrived is None else 0

    def _fill(self, ticks: int) -> Iterator[Hop]:
        while ticks > 0:
            block = min(ticks, RATE)
            yield from self._append(np.zeros(block, np.int16))
            ticks -= block

    def _append(self, pcm: NDArray[np.int16]) -> Iterator[Hop]:
        self._end += len(pcm)
        for hop in self._hops.push(pcm):
            self._cut += HOP
            yield Hop(self._cut, hop)
