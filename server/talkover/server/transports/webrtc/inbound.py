"""From a caller's RTP packets to a lane without holes: reorder, decode, repair."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import Samples
from talkover.core.audio.opus import OpusDecoder, duration, has_fec
from talkover.core.errors import AudioError
from talkover.server.transports.webrtc.jitter import Arrived, JitterBuffer, Missing

RATE: Final = 24_000
"""Of the audio that comes out (Hz)."""

_CLOCK: Final = 48_000  # of Opus in RTP, whatever the audio (RFC 7587)
_TICKS: Final = _CLOCK // RATE
_LONG: Final = _CLOCK // 5  # a longer hole is silence
_GUESSED: Final = RATE // 10  # a guess is kept up for 100 ms
_FADE: Final = RATE // 25  # then it fades for 40 ms
_PIECE: Final = RATE  # silence comes a second at a time


@dataclass(slots=True)
class InboundStats:
    """What became of the packets.

    Attributes:
        decoded: Packets that gave their own audio.
        recovered: Holes filled from the next packet's FEC.
        concealed: Samples that were guessed or silence in the place of lost ones.
        undecodable: Packets that are no Opus; concealed.
    """

    decoded: int = 0
    recovered: int = 0
    concealed: int = 0
    undecodable: int = 0


class Inbound:
    """One caller's Opus stream as audio at 24 kHz: gapless, in order, exactly as long as it was.

    What is lost comes from the next packet's FEC when that has it, else it is guessed for 100 ms
    and then fades to silence. Holes above 200 ms are silence. It belongs to one thread at a time;
    a packet costs about 0.1 ms.

    Raises:
        AudioError: there is no libopus.
    """

    def __init__(self) -> None:
        self.buffer = JitterBuffer(_CLOCK, duration=_ticks)
        self.stats = InboundStats()
        self._decoder = OpusDecoder(RATE)
        self._guessed = 0  # samples since the last real one

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet, as ``JitterBuffer.push``."""
        self.buffer.push(sequence, timestamp, payload, now)

    def pop(self, now: float) -> list[NDArray[np.int16]]:
        """The audio that is ready: pieces of int16, shape (samples,), in order."""
        out: list[Samples] = []
        for item in self.buffer.pop(now):
            # Ends are rounded on the timeline, so halves of a sample do not add up.
            end = (item.timestamp + item.duration) // _TICKS
            samples = end - item.timestamp // _TICKS
            if isinstance(item, Arrived):
                out.append(self._decode(item.payload, samples))
            else:
                out.extend(self._fill(item, samples))
        return [piece for piece in out if len(piece)]

    def deadline(self) -> float | None:
        """When ``pop`` has to be called though nothing arrives."""
        return self.buffer.deadline()

    def close(self) -> None:
        """Free the decoder; pushes and pops are over."""
        self._decoder.close()

    def _decode(self, payload: bytes, samples: int) -> Samples:
        try:
            audio = self._decoder.decode(payload)
        except AudioError:
            self.stats.undecodable += 1
            return self._guess(samples)
        self.stats.decoded += 1
        self._guessed = 0
        return audio[len(audio) - samples :]

    def _fill(self, hole: Missing, samples: int) -> list[Samples]:
        if hole.duration > _LONG:
            self.stats.concealed += samples
            self._guessed = _GUESSED + _FADE
            sizes = [_PIECE] * (samples // _PIECE) + [samples % _PIECE]
            return [np.zeros(size, np.int16) for size in sizes]
        packet = hole.next_payload
        if samples and packet is not None and has_fec(packet):
            try:
                audio = self._decoder.recover(packet, samples)
            except AudioError:  # it will be counted in its own place
                return [self._guess(samples)]
            self.stats.recovered += 1
            self._guessed = 0
            return [audio]
        return [self._guess(samples)]

    def _guess(self, samples: int) -> Samples:
        """Concealment that does not go on for ever: a held vowel is a wrong word."""
        self.stats.concealed += samples
        start = self._guessed
        self._guessed += samples
        if not samples or start >= _GUESSED + _FADE:
            return np.zeros(samples, np.int16)
        audio = self._decoder.conceal(samples)
        if self._guessed > _GUESSED:
            at = np.arange(start, start + samples)
            gain = np.clip(1 - (at - _GUESSED) / _FADE, 0, 1)
            audio = np.rint(audio * gain).astype(np.int16)
        return audio


def _ticks(payload: bytes) -> int:
    """How long a packet lasts; one that is no Opus is taken for a frame of 20 ms."""
    try:
        return duration(payload, _CLOCK)
    except AudioError:
        return _CLOCK // 50
