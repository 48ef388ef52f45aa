"""How long the agent's sound takes to come back through the caller's microphone."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import HOP, RATE

LONGEST: Final = 22 * HOP
"""Delays up to this are searched, 0.70 s: a loudspeaker, a room and a slow network."""

_WINDOW: Final = 10 * HOP  # of the caller's audio that is looked at: 0.32 s
_SIZE: Final = _WINDOW + LONGEST  # of the transform: nothing wraps at the delays searched
_BINS: Final = slice(300 * _SIZE // RATE, 3_400 * _SIZE // RATE)  # what every codec passes
_BLUR: Final = 17  # bins (16 Hz) over which spectra are averaged before they whiten each other

_REMEMBER: Final = 0.8  # of the correlation, from one call to the next


class DelayFinder:
    """Cross-correlation of the lanes with phase transform (Knapp and Carter, 1976).

    It keeps 0.32 s of the caller's audio and 1.02 s of the agent's.
    """

    def __init__(self) -> None:
        self._caller = np.zeros(_WINDOW, np.float32)
        self._agent = np.zeros(_SIZE, np.float32)
        self._smooth = np.zeros(LONGEST + 1)

    def push(self, caller: NDArray[np.float32], agent: NDArray[np.float32]) -> None:
        """Take a hop of either lane: float32 [512], full scale 1."""
        for kept, new in ((self._caller, caller), (self._agent, agent)):
            kept[:-HOP] = kept[HOP:]
            kept[-HOP:] = new

    def find(self) -> tuple[int, float]:
        """The likeliest delay: by what is kept now, and, less, by the calls before this one.

        Returns:
            Ticks, and how far the peak stands out: its height over the root mean square of the
            correlation at all searched delays. Unrelated sounds give 5 to 15, once 21; an echo
            gives 20 to 50.
        """
        caller = np.fft.rfft(self._caller, _SIZE)[_BINS]
        agent = np.fft.rfft(self._agent)[_BINS]
        power = _blurred(np.abs(caller) ** 2) * _blurred(np.abs(agent) ** 2)
        whole = np.zeros(_SIZE // 2 + 1, np.complex64)
        whole[_BINS] = np.conj(caller) * agent / np.sqrt(power)
        # The caller's window begins LONGEST after the agent's: no delay peaks at that lag.
        self._smooth *= _REMEMBER
        self._smooth += np.fft.irfft(whole)[LONGEST::-1]
        delays = np.abs(self._smooth)
        best = int(delays.argmax())
        return best, float(delays[best] / (np.sqrt(np.mean(delays**2)) + 1e-12))


def _blurred(power: NDArray[np.float32]) -> NDArray[np.float64]:
    half = _BLUR // 2
    total = np.cumsum(np.pad(power.astype(np.float64), (half + 1, half), mode="edge"))
    means: NDArray[np.float64] = (total[_BLUR:] - total[:-_BLUR]) / _BLUR
    return np.maximum(means, 1e-9)
