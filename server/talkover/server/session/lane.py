"""The caller lane: bytes from the wire become audio on the media clock and voice observations."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import AudioFormat, Reframer, StreamResampler, decode
from talkover.core.clock import HOP, RATE, samples
from talkover.core.errors import ProtocolError
from talkover.core.vad import VoiceActivity, VoiceModel
from talkover.server.session.tape import Tape
from talkover.server.turns import Voice

_KEEP: Final = 32.0  # seconds: more than the longest segment
_LEAD: Final = samples(1.0)
_GAP: Final = samples(1.0)
_STALL: Final = samples(0.25)


class CallerLane:
    """Where the caller's audio lands.

    Args:
        form: Of the audio on the wire.
        model: Voice activity weights.
    """

    def __init__(self, form: AudioFormat, model: VoiceModel) -> None:
        self.tape = Tape(_KEEP)
        self._form = form
        self._resampler = StreamResampler(form.rate, RATE)
        self._hops = Reframer(HOP)
        self._vad = VoiceActivity(model)
        self._heard = 0  # where the last whole hop ended
        self._arrived: int | None = None  # when the last chunk did, on the session's clock

    @property
    def end(self) -> int:
        """Where the lane's audio ends on the media clock."""
        return self.tape.end

    def lead(self, now: int) -> int:
        """Ticks that the lane is further ahead of ``now`` than it may be."""
        return max(0, self.end - now - _LEAD)

    def now(self, clock: int) -> int:
        """The session's time as this lane counts it.

        The lane lags the clock by the network's delay. While audio flows, its end is "now"; when
        it does not, time goes on from there.
        """
        if self._arrived is None:
            return clock
        idle = clock - self._arrived
        return self.end + (idle if idle > _STALL else 0)

    def stalled(self, clock: int) -> bool:
        """No audio came for a while."""
        return self._arrived is None or clock - self._arrived > _STALL

    def feed(self, data: bytes, starts_at: int, now: int) -> list[Voice]:
        """Take a chunk as it came and return a voice observation for each hop it completed.

        A caller who fell more than a second behind, or who declared a gap, is given silence
        where audio is missing, so that the lane stays on the clock.

        Raises:
            ProtocolError: the chunk begins before the lane's end, or in the far future.
            AudioError: it cannot be decoded.
        """
        pcm = decode(data, self._form.encoding)
        voices = self._fill(self._gap(starts_at, len(pcm), now))
        self._arrived = now
        return voices + self._append(self._resampler.push(pcm))

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

    def _fill(self, ticks: int) -> list[Voice]:
        voices: list[Voice] = []
        while ticks > 0:  # an hour's gap must not need an hour's memory
            block = min(ticks, RATE)
            voices += self._append(np.zeros(block, np.int16))
            ticks -= block
        return voices

    def _append(self, pcm: NDArray[np.int16]) -> list[Voice]:
        self.tape.append(pcm)
        voices = []
        for hop in self._hops.push(pcm):
            self._heard += HOP
            voices.append(Voice(self._heard, self._vad.feed(hop)))
        return voices
