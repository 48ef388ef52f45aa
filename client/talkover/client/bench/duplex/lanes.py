"""The agent's lane: where it sounds, where it was cut off, where it went on or began anew.

All times come from the sound. The announced words (``lanes_words``) and, where those are silent,
the server's own events only tell *what* a silence or a beginning is, never when it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from talkover.client.bench import measure
from talkover.client.bench.duplex import lanes_words
from talkover.client.bench.duplex.types import CallRecording, ServerEvent
from talkover.client.bench.measure import Span

SILENT: Final = 0.3
"""Seconds of silence that make a stop; shorter ones belong to speaking."""
_PAUSE: Final = 0.8  # seconds: the longest pause inside a reply when nothing tells
_NEAR: Final = 0.3  # seconds between a sound and the server's word about it
_ABRUPT: Final = 15.0  # dB under the voice's usual level: a natural end has sunk lower
_TELLING: Final = ("AGENT_STARTED", "RESUMED", "BARGE_IN")
_EDGE: Final = 4  # frames of 10 ms before a silence whose level shows how speech ended


@dataclass(frozen=True, slots=True)
class Cut:
    """The agent fell silent though more was to be said.

    Attributes:
        at: Its last sound.
        bound: When it would have sounded again, had it gone on: the first announced word that was
            not said. When the cut falls into a pause, it was made before this and after ``at``.
        until: When the lane sounds again; None: never in this recording.
        resumed: What sounds then continues what was cut.
        words_off: Where it continues, see ``lanes_words.continuation``; None: unknown.
    """

    at: float
    bound: float
    until: float | None
    resumed: bool
    words_off: int | None


@dataclass(frozen=True, slots=True)
class Lane:
    """What the agent's lane of one call says, in seconds of the recording.

    Attributes:
        spans: Where it sounds, holes under ``SILENT`` closed.
        silences: The complement, up to the recording's end.
        cuts: Where it was cut off.
        ends: Where replies came to their natural ends.
        fresh: Where new replies began.
    """

    spans: tuple[Span, ...]
    silences: tuple[Span, ...]
    cuts: tuple[Cut, ...]
    ends: tuple[float, ...]
    fresh: tuple[float, ...]

    def sounds_at(self, moment: float, *, slack: float = 0.0) -> bool:
        """Whether the agent speaks at a moment, or did at most ``slack`` seconds before it."""
        return any(span.start <= moment < span.end + slack for span in self.spans)


def read_lane(call: CallRecording) -> Lane:
    """Find the stretches, cuts, ends and beginnings of a call's agent lane."""
    spans = measure.sound_spans(call.agent, call.rate, merge=SILENT)
    total = len(call.agent) / call.rate
    silences = _between(spans, total)
    cuts: list[Cut] = []
    ends: list[float] = []
    fresh = [spans[0].start] if spans else []
    for number, silence in enumerate(silences):
        again = silence.end if number + 1 < len(spans) else None
        cut = _cut(call, silence, again)
        if cut is not None:
            cuts.append(cut)
            begins = again is not None and not cut.resumed
        else:
            begins = again is not None and _is_new(call.server, silence)
            if begins or again is None:
                ends.append(silence.start)
        if begins and again is not None:
            fresh.append(again)
    return Lane(tuple(spans), tuple(silences), tuple(cuts), tuple(ends), tuple(fresh))


def _between(spans: Sequence[Span], total: float) -> list[Span]:
    starts = [*(span.start for span in spans[1:]), total]
    gaps = [Span(span.end, start) for span, start in zip(spans, starts, strict=False)]
    return [gap for gap in gaps if gap.seconds >= SILENT]


def _cut(call: CallRecording, silence: Span, again: float | None) -> Cut | None:
    bound = _bound(call, silence)
    if bound is None:
        return None
    if again is None:
        return Cut(silence.start, bound, None, resumed=False, words_off=None)
    off = lanes_words.continuation(call.words, silence.start, again)
    started = any(event.kind == "AGENT_STARTED" for event in call.server)
    new = _is_new(call.server, silence) if started or off is None else False
    return Cut(silence.start, bound, again, resumed=not new, words_off=None if new else off)


def _bound(call: CallRecording, silence: Span) -> float | None:
    """When the agent would have sounded again had it not been cut off; None: it was not."""
    missing = lanes_words.due(call.words, silence)
    if missing:
        return max(missing[0][1], silence.start)
    # All announced words were said: whether more was to come, only the server knows.
    finished = call.words and _of(call.server, ("AGENT_FINISHED",), silence.start)
    stopped = _of(call.server, ("BARGE_IN", "TRUNCATION"), silence.start, before=1.0)
    if stopped and not finished:
        return silence.start
    unknown = not call.words and not call.server
    return silence.start if unknown and _abrupt(call, silence) else None


def _is_new(server: Sequence[ServerEvent], silence: Span) -> bool:
    """Whether a new reply begins after a silence, not the old one again."""
    if not any(event.kind == "AGENT_STARTED" for event in server):
        return silence.seconds > _PAUSE
    until = silence.seconds + _NEAR
    here = _of(server, _TELLING, silence.start, before=0.0, after=until)
    # It may go on, and think better of it before a sound is out.
    stops = [e.at for e in here if e.kind == "BARGE_IN" and e.at <= silence.end]
    went_on = any(e.kind == "RESUMED" and e.at > max(stops, default=-1.0) for e in here)
    return not went_on and any(event.kind == "AGENT_STARTED" for event in here)


def _of(
    server: Sequence[ServerEvent],
    kinds: Sequence[str],
    moment: float,
    *,
    before: float = _NEAR,
    after: float = _NEAR,
) -> list[ServerEvent]:
    return [e for e in server if e.kind in kinds and moment - before <= e.at <= moment + after]


def _abrupt(call: CallRecording, silence: Span) -> bool:
    """Whether speech broke off: natural ends sink slowly, a cut comes at speaking level."""
    if silence.seconds <= _PAUSE:
        return False
    levels = measure.levels(call.agent, call.rate)
    sounding = levels[levels > -60.0]
    end = round(silence.start * 100)
    last = levels[max(end - _EDGE, 0) : end]
    return bool(len(last) and np.mean(last) > np.median(sounding) - _ABRUPT)
