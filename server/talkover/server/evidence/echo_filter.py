"""The path from the agent's loudspeaker to the caller's microphone, learned while they sound."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import HOP

PARTS: Final = 32
"""Partitions of the path, a hop each: 1.02 s, the longest delay and a room after it."""

_BINS: Final = HOP + 1
_VOICE: Final = slice(19, 218)  # 0.3 to 3.4 kHz, in bins of 15.6 Hz
_ROOM: Final = 10
"""Partitions from the delay's on in which there may be echo: 0.32 s."""
_DECAY: Final = np.float32(10**-0.25)
"""Power of a partition over the one before, expected at first: -60 dB in 0.77 s."""
_KEEP: Final = np.float32(0.99**2)
"""How much of the path is still there a hop later: what lets it drift, and be learned anew."""
_FORGET: Final = np.float32(0.6)
_FLOOR: Final = np.float32(1e-7)
_TURNS: Final = 3
"""Hops in which all partitions are brought back to 512 taps; all in each hop cost more."""


class EchoFilter:
    """A Kalman filter in the frequency domain, over partitions of one hop.

    Enzner and Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in
    hands-free telephones" (2006); partitions as Kuech and others (2014). Its own doubt decides how
    fast it learns: fast at first, hardly at all while the caller speaks.
    """

    def __init__(self) -> None:
        self._block = np.zeros(2 * HOP, np.float32)
        self._agent = np.zeros((PARTS, _BINS), np.complex64)  # newest first
        self._path = np.zeros((PARTS, _BINS), np.complex64)
        self._doubt = np.zeros((PARTS, _BINS), np.float32)
        self._noise = np.zeros(_BINS, np.float32)
        self._live = slice(0, 0)  # partitions that may hold the echo
        self._turn = 0

    def feed(self, agent: NDArray[np.float32]) -> NDArray[np.complex64]:
        """Take what the agent sends in this hop: float32 [512], full scale 1.

        Returns:
            The spectrum of this hop and the one before: complex64 [513].
        """
        self._block[:HOP] = self._block[HOP:]
        self._block[HOP:] = agent
        self._agent[1:] = self._agent[:-1]
        newest = np.fft.rfft(self._block).astype(np.complex64, copy=False)
        self._agent[0] = newest
        return newest

    def predict(self) -> NDArray[np.float32]:
        """The echo to expect in this hop: float32 [512]."""
        spectrum = (self._agent[self._live] * self._path[self._live]).sum(0)
        return np.fft.irfft(spectrum)[HOP:].astype(np.float32)

    def learn(self, error: NDArray[np.float32]) -> None:
        """Correct the path by what the prediction left of this hop: float32 [512]."""
        agent, path, doubt = (part[self._live] for part in (self._agent, self._path, self._doubt))
        spectrum = np.fft.rfft(np.concatenate([np.zeros(HOP, np.float32), error]))
        left = spectrum.real**2 + spectrum.imag**2
        self._noise += (1 - _FORGET) * (left - self._noise)
        unsure = (agent.real**2 + agent.imag**2) * doubt
        room = unsure.sum(0) / 2 + np.maximum(self._noise, left / 2) + _FLOOR
        path += doubt * np.conj(agent) * (spectrum / room)
        self._constrain(path)
        doubt *= _KEEP * (1 - unsure / (2 * room))
        doubt += (1 - _KEEP) * (path.real**2 + path.imag**2)

    def expect(self, delay: int, gain: float) -> None:
        """The echo comes ``delay`` ticks late: doubt the path there, as far as ``gain`` (power)."""
        first = delay // HOP
        # A peak is found to a few samples: it may lie in the partition before.
        begin = first - 1 if first and delay % HOP < HOP // 8 else first
        self._live = slice(begin, min(begin + _ROOM + 1, PARTS))
        outside = np.ones(PARTS, bool)
        outside[self._live] = False
        self._path[outside] = 0
        self._doubt[outside] = 0
        shape = _DECAY ** np.arange(self._live.stop - begin, dtype=np.float32)
        prior = np.float32(gain) * shape / shape.sum()
        doubt = self._doubt[self._live]
        np.maximum(doubt, prior[:, None], out=doubt)

    def clear(self) -> None:
        """Nothing is known of the path any more."""
        self._path[:] = 0
        self._doubt[:] = 0
        self._live = slice(0, 0)

    def shift(self, ticks: int) -> None:
        """The path is the same, but ``ticks`` later (or earlier)."""
        taps = np.fft.irfft(self._path, axis=1)[:, :HOP].reshape(-1)
        taps = np.roll(taps, ticks)
        taps[slice(0, ticks) if ticks > 0 else slice(len(taps) + ticks, None)] = 0
        self._path[:] = np.fft.rfft(taps.reshape(PARTS, HOP), 2 * HOP, axis=1)

    def gain(self) -> float:
        """Power gain of the path, the mean from 0.3 to 3.4 kHz."""
        voice = self._path[:, _VOICE]
        return float(np.mean((voice.real**2 + voice.imag**2).sum(0)))

    def _constrain(self, path: NDArray[np.complex64]) -> None:
        some = slice(self._turn % _TURNS, None, _TURNS)
        self._turn += 1
        taps = np.fft.irfft(path[some], axis=1)[:, :HOP]
        path[some] = np.fft.rfft(taps, 2 * HOP, axis=1)
