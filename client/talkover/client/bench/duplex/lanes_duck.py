"""When the agent was ducked, by comparing it with itself.

Speech rises and falls by 20 dB and more all the time, so a step of -12 dB cannot be seen in its
level alone (tried: with the best linear filter over 0.4 s and eight bands, the step stands 3
standard deviations out, and a search over half a second finds higher ones by chance). But the agent
says the same texts in many calls. Where the same three words were said elsewhere undisturbed, that
rendition, warped in time onto this one, tells how loud this one should be; what remains is noise of
about 3 dB, and the step stands out by 10 standard deviations.

The warping follows the spectra's shapes, which a duck leaves alone: dynamic time warping (Sakoe and
Chiba 1978) within ±80 ms of the announced word times. Where no rendition is found, or the agent
pauses around the duck, the answer is "undecided" or a duck without a moment; the shares of both are
reported. On synthetic speech with a known ramp of 20 ms to -12 dB, the moment found is that at
which the level has fallen by 6 dB, to ±30 ms in 95 of 100 (a test holds this to 90).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client.bench.duplex import lanes_words
from talkover.client.bench.duplex.lanes import Lane
from talkover.client.bench.duplex.types import CallRecording, Event, Kind

Levels = NDArray[np.float64]

WINDOW: Final = 1.0
"""Seconds after the onset in which a duck is looked for."""
_STEP: Final = 0.010  # seconds between frames
_WIDTH: Final = 0.025  # seconds a frame sees
_BANDS: Final = 8  # equally wide in mel from 80 to 3,800 Hz, so telephone speech fits too
_LOWEST: Final = -70.0  # dB: what is below counts as this
_SPEAKS: Final = -50.0  # dB in the loudest band: a frame with speech
_GRAM: Final = 3  # words in a row that must be the same
_RENDITIONS: Final = 5  # others to compare with, at most
_REACH: Final = 8  # frames that the warping may stray from the word times
_BEND: Final = 30.0  # dB², what a change of pace by one frame costs the warping
_AUDIBLE: Final = -58.0  # dB in a band of the rendition, for the band to count
_DEPTHS: Final = (-8.0, -12.0, -16.0, -20.0)  # dB; tried in turn
_SHORTEST: Final = 12  # frames a duck lasts
_ERROR: Final = 3.0  # dB, standard deviation of the gain of an undisturbed frame
_OUTLIER: Final = 9.0  # dB: errors beyond this count as this
_INDEPENDENT: Final = 0.5  # independent frames in one
_PLAIN: Final = 2.0  # log odds that decide
_SEEN: Final = 0.5  # share of the frames that must be known to say that there was no duck
_UNSURE: Final = 0.025  # seconds
_REST: Final = 1.5  # seconds after an event until a rendition counts as undisturbed


class Ducked(StrEnum):
    """What became of the agent's level."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Duck:
    """The answer for one event.

    Attributes:
        ducked: Whether the level fell.
        after: Seconds from the onset to the middle of the fall; None unless it fell, and when the
            moment cannot be told to ``_UNSURE``, as when it lies in a pause.
        depth: Decibels, negative; 0 without ``after``.
    """

    ducked: Ducked
    after: float | None = None
    depth: float = 0.0


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of a recording."""

    call: int
    word: int


class DuckFinder:
    """Finds ducks in calls by the undisturbed speech in all of them.

    Args:
        calls: Recordings and what their agent lanes say. The more of them hold the same texts
            without an event, the fewer ducks stay undecided.
    """

    def __init__(self, calls: Sequence[tuple[CallRecording, Lane]]) -> None:
        self._names = {call.name: number for number, (call, _) in enumerate(calls)}
        self._bands = [bands(call.agent, call.rate) for call, _ in calls]
        self._words = [
            [call.words[i] for i in lanes_words.lasting(call.words)] for call, _ in calls
        ]
        self._clean: dict[tuple[str, ...], list[_Place]] = defaultdict(list)
        for number, (call, lane) in enumerate(calls):
            for place, gram in _grams(self._words[number]):
                said = self._words[number][place : place + _GRAM]
                if _undisturbed(said[0][1], said[-1][2], call.events, lane):
                    self._clean[gram].append(_Place(number, place))

    def find(self, call: CallRecording, onset: float, until: float) -> Duck:
        """Look for a duck.

        Args:
            call: One of the calls that this was made of.
            onset: When the caller's sound began (seconds in the recording).
            until: When the agent fell silent, or the end of the search if that comes first.
        """
        number = self._names[call.name]
        frames = self._bands[number]
        first = max(round((onset - 0.3) / _STEP), 0)
        last = min(round(until / _STEP), len(frames))
        gain = self._gain(number, first, last)
        return judge(gain, onset - first * _STEP)

    def _gain(self, number: int, first: int, last: int) -> Levels:
        """Decibels against the renditions, float64 [last - first]; NaN where nothing is known."""
        frames, words = self._bands[number], self._words[number]
        total, count = np.zeros(last - first), np.zeros(last - first)
        for place, gram in _grams(words):
            a, b = (round(words[place][1] / _STEP), round(words[place + _GRAM - 1][2] / _STEP))
            if b <= first or a >= last:
                continue
            others = [p for p in self._clean[gram] if p.call != number or p.word != place]
            for other in others[:_RENDITIONS]:
                path = self._warp(number, place, other)
                kept = [(i, j) for i, j in enumerate(path, a) if first <= i < last]
                here = np.array([i for i, _ in kept], np.int64)
                there = np.array([j for _, j in kept], np.int64)
                if not len(here):
                    continue
                mine, theirs = frames[here], self._bands[other.call][there]
                known = (theirs.max(axis=1) > _SPEAKS) & (here < len(frames))
                loud = theirs > _AUDIBLE
                gain = ((mine - theirs) * loud).sum(axis=1) / np.maximum(loud.sum(axis=1), 1)
                np.add.at(total, here[known] - first, gain[known])
                np.add.at(count, here[known] - first, 1)
        gains: Levels = np.full(last - first, np.nan)
        np.divide(total, count, out=gains, where=count > 0)
        return gains

    def _warp(self, number: int, place: int, other: _Place) -> list[int]:
        """Frames of the other rendition for each frame of three words of this one."""
        mine = self._words[number][place : place + _GRAM]
        theirs = self._words[other.call][other.word : other.word + _GRAM]
        times = np.arange(round(mine[0][1] / _STEP), round(mine[-1][2] / _STEP)) * _STEP
        rough = np.interp(times, _edges(mine), _edges(theirs)) / _STEP
        start = round(mine[0][1] / _STEP)
        frames = self._bands[number]
        rows = np.clip(np.arange(start, start + len(times)), 0, len(frames) - 1)
        return warp(frames[rows], self._bands[other.call], rough)


def bands(pcm: NDArray[np.int16], rate: int) -> Levels:
    """Level in eight bands every 10 ms, frame i centred on i x 10 ms: float64 [n, 8] in dBFS."""
    width, step = round(_WIDTH * rate), round(_STEP * rate)
    sound = np.pad(pcm.astype(np.float64) / 32_768, (width // 2, width))
    window = np.hanning(width)
    picks = np.arange(0, len(pcm), step)
    size = 512
    mel = 2_595 * np.log10(1 + np.fft.rfftfreq(size, 1 / rate) / 700)
    low, high = 2_595 * np.log10(1 + np.array([80.0, 3_800.0]) / 700)
    edges = np.linspace(low, high, _BANDS + 1)
    chooser = np.stack([(mel >= a) & (mel < b) for a, b in pairwise(edges)])
    scale = 2 / (np.square(window).sum() * size)
    found = np.empty((len(picks), _BANDS))
    for at in range(0, len(picks), 4_096):  # a block at a time: memory stays small
        cut = sound[picks[at : at + 4_096, None] + np.arange(width)]
        power = np.square(np.abs(np.fft.rfft(cut * window, size, axis=1))) * scale
        found[at : at + 4_096] = power @ chooser.T
    levels: Levels = np.maximum(10 * np.log10(np.maximum(found, 1e-12)), _LOWEST)
    return levels


def warp(frames: Levels, other: Levels, rough: NDArray[np.float64]) -> list[int]:
    """Refine an alignment by the shapes of spectra, whatever their level.

    Args:
        frames: [n, bands].
        other: [m, bands].
        rough: A frame of ``other`` for each of ``frames``, not whole: [n].

    Returns:
        A frame of ``other`` for each of ``frames``.
    """
    if not len(frames):
        return []
    offsets = np.arange(-_REACH, _REACH + 1)
    choices = np.clip(np.rint(rough[:, None] + offsets), 0, len(other) - 1).astype(np.int64)
    costs = np.square(_shape(frames)[:, None] - _shape(other)[choices]).mean(axis=-1)
    columns = np.arange(len(offsets))
    came = np.zeros(costs.shape, np.int64)
    total = costs[0]
    for t in range(1, len(costs)):
        padded = np.pad(total, 1, constant_values=np.inf)
        ways = np.stack([padded[:-2] + _BEND, total, padded[2:] + _BEND])
        best = ways.argmin(axis=0)
        came[t] = columns + best - 1
        total = ways[best, columns] + costs[t]
    column = int(total.argmin())
    path = []
    for t in range(len(costs) - 1, -1, -1):
        path.append(int(choices[t, column]))
        column = int(came[t, column])
    return path[::-1]


def judge(gain: Levels, onset: float) -> Duck:
    """Find a fall in a course of gains.

    Every course that is 0 dB, falls by one of ``_DEPTHS`` at some frame after the onset and perhaps
    rises again later is weighed by its likelihood, errors being normal but no larger than
    ``_OUTLIER``, and frames counting for ``_INDEPENDENT`` of a frame because errors come in
    company. All moments are equally likely beforehand. A duck whose moment stays uncertain by
    more than ``_UNSURE`` (standard deviation) has no moment.

    Args:
        gain: Decibels every 10 ms, NaN where unknown.
        onset: Seconds into ``gain`` before which nothing is looked for.
    """
    begin = round(onset / _STEP)
    if len(gain) - begin <= _SHORTEST:
        return Duck(Ducked.UNDECIDED)
    known = np.isfinite(gain)
    starts = np.arange(begin, len(gain) - _SHORTEST)
    weights = np.stack([_likelihoods(gain, starts, depth) for depth in _DEPTHS])
    evidence = np.logaddexp.reduce(weights, axis=0)
    odds = float(np.logaddexp.reduce(evidence)) - np.log(len(starts) * len(_DEPTHS))
    if odds < _PLAIN:
        seen = known[begin:].mean()
        return Duck(Ducked.NO if odds < -_PLAIN and seen >= _SEEN else Ducked.UNDECIDED)
    chance = np.exp(evidence - np.logaddexp.reduce(evidence))
    moments = starts * _STEP - onset
    mean = float(chance @ moments)
    if float(np.sqrt(chance @ np.square(moments - mean))) > _UNSURE:
        return Duck(Ducked.YES)
    depths = np.logaddexp.reduce(weights, axis=1)
    return Duck(Ducked.YES, mean, _DEPTHS[int(depths.argmax())])


def _likelihoods(gain: Levels, starts: NDArray[np.int64], depth: float) -> Levels:
    """Log-likelihood ratio of a fall at each start, summed over all ends, against none."""
    plain = np.minimum(np.abs(np.nan_to_num(gain)), _OUTLIER) ** 2
    fallen = np.minimum(np.abs(np.nan_to_num(gain, nan=depth) - depth), _OUTLIER) ** 2
    better = np.where(np.isfinite(gain), plain - fallen, 0.0)
    course = np.concatenate([[0.0], np.cumsum(better)]) * (_INDEPENDENT / (2 * _ERROR**2))
    found = np.empty(len(starts))
    for i, start in enumerate(starts):
        ends = course[start + _SHORTEST :] - course[start]
        found[i] = np.logaddexp.reduce(ends) - np.log(len(ends))
    return found


def _shape(frames: Levels) -> Levels:
    shape: Levels = np.maximum(frames, -60.0)
    shape -= shape.mean(axis=1, keepdims=True)
    return shape


def _grams(words: Sequence[lanes_words.Announced]) -> Iterable[tuple[int, tuple[str, ...]]]:
    plain = [lanes_words.plain(word[0]) for word in words]
    for place in range(len(words) - _GRAM + 1):
        if words[place + _GRAM - 1][2] - words[place][1] < 1.0 * _GRAM:  # no stop in between
            yield place, tuple(plain[place : place + _GRAM])


def _edges(words: Sequence[lanes_words.Announced]) -> NDArray[np.float64]:
    """Begin and end of each word, strictly rising."""
    flat = np.array([moment for word in words for moment in word[1:]])
    return np.asarray(np.maximum.accumulate(flat) + 1e-6 * np.arange(len(flat)), np.float64)


def _undisturbed(start: float, end: float, events: Sequence[Event], lane: Lane) -> bool:
    calm = (Kind.TURN_END, Kind.PAUSE, Kind.DICTATION)
    if any(e.start < end and start < e.end + _REST for e in events if e.kind not in calm):
        return False
    return any(span.start - 0.1 <= start and end <= span.end + 0.1 for span in lane.spans)
