"""The caller's room: the loudspeaker that the microphone hears, and the air. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client.bench.duplex.clips import Samples
from talkover.core.clock import FRAME, RATE

_FRACTION: Final = 32
"""Taps on either side of a delay that falls between two samples."""
_BED: Final = 10  # seconds of air before it comes again


class EchoPath:
    """From the loudspeaker to the microphone: a delay, a loss, a small room.

    The room is the direct sound and a tail of noise that decays by 60 dB in ``reverberation``
    seconds, the usual model of a diffuse field (Polack 1988), 6 dB under the direct sound as a
    whole. Convolution is by blocks of 20 ms against the whole response (overlap and save), so no
    delay but the one wanted comes in.

    Args:
        delay: Seconds until the direct sound; to fractions of a sample.
        gain: Decibels of the direct sound, below 0.
        reverberation: Seconds.
        seed: Of the room.
    """

    def __init__(
        self, delay: float, gain: float, *, reverberation: float = 0.2, seed: int = 0
    ) -> None:
        response = _response(delay, reverberation, np.random.default_rng(seed))
        self._size = 1 << (len(response) + FRAME - 1).bit_length()
        self._transfer = np.fft.rfft(response * 10 ** (gain / 20), self._size)
        self._past = np.zeros(self._size)

    def pass_frame(self, played: Samples) -> NDArray[np.float64]:
        """What comes back in the 20 ms in which ``played`` comes out: float64 [320]."""
        self._past = np.concatenate([self._past[FRAME:], played.astype(np.float64)])
        spectrum = np.fft.rfft(self._past)
        return np.fft.irfft(spectrum * self._transfer, self._size)[-FRAME:]


def _response(delay: float, reverberation: float, dice: np.random.Generator) -> NDArray[np.float64]:
    exact = delay * RATE
    tail = round(reverberation * RATE)
    response = np.zeros(round(exact) + _FRACTION + tail)
    taps = np.arange(max(int(exact) - _FRACTION, 0), int(exact) + _FRACTION)
    window = np.cos((taps - exact) / (_FRACTION + 1) * np.pi / 2) ** 2
    direct = np.sinc(taps - exact) * window
    response[taps] = direct
    noise = dice.standard_normal(tail) * np.exp(-6.91 * np.arange(tail) / tail)  # 60 dB in all
    begin = round(exact) + 1
    noise *= 0.5 * np.sqrt(np.square(direct).sum() / np.square(noise).sum())
    response[begin : begin + tail] += noise
    return response


def air(level: float, seed: int) -> Samples:
    """Ten seconds of a quiet room: noise that falls by 3 dB an octave; int16 [samples].

    Args:
        level: Root mean square in dBFS.
        seed: Of the noise.
    """
    count = _BED * RATE
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    shape = 1 / np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 40.0))
    noise = np.fft.irfft(spectrum * shape, count)
    noise *= 32_768 * 10 ** (level / 20) / np.sqrt(np.square(noise).mean())
    return np.clip(np.rint(noise), -32_768, 32_767).astype(np.int16)
