"""Resampling and reframing of live audio: the same samples, however the stream is cut.

A polyphase windowed-sinc filter (Crochiere and Rabiner, Multirate Digital Signal Processing,
1983) with a Kaiser window. Why not a general resampling library here: those with good stop bands
work in blocks (soxr's streams held 37 to 117 ms back), which a caller hears as delay; those that
do not are interpolators that let everything above the new band fold into speech. This one holds
back 2 ms at 16 kHz and 4 ms at 8 kHz. Whole files go through soxr, see ``files``.
"""

from functools import cache
from math import gcd
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from talkover.core.audio.codec import Samples
from talkover.core.errors import AudioError

_CROSSINGS: Final = 32
"""Zero crossings of the sinc on either side, at the lower of the two rates."""
_KAISER_BETA: Final = 7.0  # about 70 dB of stop band
_ROLLOFF: Final = 0.935  # of the lower Nyquist frequency: leaves room for the transition band
_GRID: Final = float(1 << 24)
"""Coefficients are multiples of 1 / 2^24 and samples are integers, so every sum is exact in
float64: the result cannot depend on how a matrix product orders its terms."""
_BLOCK: Final = 4_096
"""Filter groups computed at a time: bounds the memory that one large chunk takes."""
_MAX_RATIO: Final = 1_000
_EMPTY: Final[Samples] = np.zeros(0, np.int16)


@cache
def _filter(up: int, down: int) -> tuple[int, NDArray[np.float64]]:
    """Half width in input samples, and the matrix that turns a window into ``up`` outputs.

    The matrix has shape (2 * half + down - 1, up): column j makes the output at input position
    j * down / up of its group from the window that begins ``half - 1`` samples before the group.
    """
    cutoff = min(1.0, up / down)
    half = int(np.ceil(_CROSSINGS / cutoff))
    rows = np.arange(2 * half + down - 1)[:, None] - (half - 1)
    offset = rows - np.arange(up)[None, :] * down / up
    inside = np.abs(offset) < half
    window = np.i0(_KAISER_BETA * np.sqrt(np.where(inside, 1 - (offset / half) ** 2, 0.0)))
    kernel = np.where(inside, np.sinc(cutoff * _ROLLOFF * offset) * window, 0.0)
    kernel /= kernel.sum(axis=0)  # unity gain at 0 Hz for every phase
    matrix = np.rint(kernel * _GRID) / _GRID
    matrix.setflags(write=False)
    return half, matrix


class StreamResampler:
    """Changes the rate of one live mono stream.

    Output sample k stands for the time k / dst of the stream, so the media clock is kept; the
    stream only comes out ``delay`` seconds late. After ``flush`` exactly
    ``ceil(samples * dst / src)`` have come out, whatever the chunks were, and the next ``push``
    begins a new stream.

    Args:
        src: Rate of what is pushed (Hz).
        dst: Rate of what comes out (Hz).

    Raises:
        AudioError: a rate is not positive, or the two have no small common ratio.
    """

    def __init__(self, src: int, dst: int) -> None:
        if src <= 0 or dst <= 0:
            raise AudioError(f"cannot resample from {src} to {dst} Hz; rates are positive")
        common = gcd(src, dst)
        self.src, self.dst = src, dst
        self._up, self._down = dst // common, src // common
        if max(self._up, self._down) > _MAX_RATIO:
            raise AudioError(f"the ratio of {src} to {dst} Hz is too fine; use a standard rate")
        self._identity = src == dst
        if not self._identity:
            self._half, self._matrix = _filter(self._up, self._down)
        self._held: NDArray[np.float64]
        self._restart()

    @property
    def delay(self) -> float:
        """The longest that audio is held back, in seconds; 0 when the rates match."""
        return 0.0 if self._identity else (self._half + self._down - 1) / self.src

    def push(self, samples: Samples) -> Samples:
        """Take a chunk of any length (int16, mono) and return what is ready."""
        if self._identity:
            return samples
        self._taken += len(samples)
        self._held = np.concatenate([self._held, samples.astype(np.float64)])
        ready = self._compute()
        self._given += len(ready)
        return ready

    def flush(self) -> Samples:
        """End the stream: return the rest of it and be ready for a new one."""
        if self._identity:
            return _EMPTY
        wanted = -(-self._taken * self._up // self._down) - self._given
        # Silence after the end, enough to push the last real sample through the filter.
        tail = np.zeros(self._half + self._down, np.float64)
        self._held = np.concatenate([self._held, tail])
        rest = self._compute()[:wanted]
        self._restart()
        return rest

    def _restart(self) -> None:
        self._taken = self._given = 0
        lead = 0 if self._identity else self._half - 1
        self._held = np.zeros(lead, np.float64)

    def _compute(self) -> Samples:
        """All whole groups of ``up`` outputs that the held samples allow."""
        width, step = len(self._matrix), self._down
        groups = max(0, (len(self._held) - width) // step + 1)
        if not groups:
            return _EMPTY
        parts = []
        for start in range(0, groups, _BLOCK):
            held = self._held[start * step :]
            count = min(_BLOCK, groups - start)
            stride = held.itemsize
            windows = as_strided(held, (count, width), (step * stride, stride), writeable=False)
            parts.append((windows @ self._matrix).ravel())
        self._held = self._held[groups * step :].copy()
        result = np.concatenate(parts)
        return np.clip(np.rint(result), -32_768, 32_767).astype(np.int16)


class Reframer:
    """Turns chunks of any length into frames of exactly ``size`` samples.

    Args:
        size: Samples a frame.

    Raises:
        AudioError: the size is not positive.
    """

    def __init__(self, size: int) -> None:
        if size <= 0:
            raise AudioError(f"a frame of {size} samples is no frame; use a positive size")
        self.size = size
        self._held = _EMPTY

    @property
    def held(self) -> int:
        """Samples that wait for their frame to fill."""
        return len(self._held)

    def push(self, samples: Samples) -> list[Samples]:
        """Take a chunk and return the frames that are full, oldest first."""
        joined = np.concatenate([self._held, samples]) if len(self._held) else samples
        whole = len(joined) // self.size * self.size
        self._held = joined[whole:].copy()
        return [joined[at : at + self.size].copy() for at in range(0, whole, self.size)]

    def flush(self) -> list[Samples]:
        """The last frame, filled up with silence; nothing when no sample waits."""
        if not len(self._held):
            return []
        frame = np.zeros(self.size, np.int16)
        frame[: len(self._held)] = self._held
        self._held = _EMPTY
        return [frame]
