"""A caller who follows a script: recordings, and the cues at which they are said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client.floor import Floor
from talkover.core.clock import FRAME, RATE, rescale, samples

Samples = NDArray[np.int16]

LONGEST: Final = 600.0
"""Seconds after which a script hangs up, whatever its cues wait for."""


@dataclass(frozen=True, slots=True)
class At:
    """At a time of the call."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AfterReply:
    """Once the agent has answered what was said before and has finished.

    A caller whom nobody answers goes on when the script's patience is over.
    """

    pause: float = 0.5
    """Seconds of silence first."""


@dataclass(frozen=True, slots=True)
class IntoReply:
    """Over the agent, once a reply has come out for a while; after it, if it is shorter."""

    seconds: float = 1.0


Cue = At | AfterReply | IntoReply


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Something to say."""

    pcm: Samples
    """int16 [samples] at the call's rate."""
    cue: Cue
    name: str = ""
    """For the event log."""


@dataclass(frozen=True, slots=True)
class Said:
    """When a line was said, on the caller's clock (ticks)."""

    name: str
    starts_at: int
    ends_at: int


class Script:
    """Says its lines, one after another, each at its cue, and then hangs up.

    Args:
        lines: In order.
        rate: Of their audio (Hz).
        end: When to hang up, once all lines are said.
        patience: Seconds without a sound from either until the script goes on by itself.
        limit: Seconds until it hangs up in any case.
        on_line: Told of each line as it begins.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        *,
        rate: int = RATE,
        end: Cue = AfterReply(0.5),
        patience: float = 15.0,
        limit: float = LONGEST,
        on_line: Callable[[Said], None] = lambda _: None,
    ) -> None:
        self._lines = [*lines]
        self._rate = rate
        self._silence = np.zeros(rate // 50, np.int16)
        self._end = end
        self._patience = samples(patience)
        self._limit = samples(limit)
        self._on_line = on_line
        self._now = 0
        self._next = 0  # line
        self._left: Samples | None = None  # of the line that is being said
        self._replies = 0  # over when the last line began
        self._active = 0  # when something last happened
        self._settled: int | None = None  # since when the last line has been answered
        self._said: list[Said] = []

    @property
    def said(self) -> tuple[Said, ...]:
        """The lines that have begun, in order."""
        return tuple(self._said)

    def frame(self, floor: Floor) -> Samples | None:
        """What the caller says in the next 20 ms, int16 [rate / 50]; None: hangs up."""
        if self._left is None:
            self._watch(floor)
            if self._now >= self._limit:
                return None
            cue = self._lines[self._next].cue if self._next < len(self._lines) else self._end
            if self._given(cue, floor):
                if self._next == len(self._lines):
                    return None
                self._begin(floor)
        frame = self._silence if self._left is None else self._say(self._left)
        self._now += FRAME
        return frame

    def _watch(self, floor: Floor) -> None:
        answered = floor.settled and (floor.replies > self._replies or not self._said)
        if floor.sounding:
            self._active = self._now
        if not answered:
            self._settled = None
        elif self._settled is None:
            self._settled = self._now + FRAME  # what the loudspeaker gives now ends a frame later

    def _given(self, cue: Cue, floor: Floor) -> bool:
        match cue:
            case At(seconds):
                return self._now >= samples(seconds)
            case AfterReply(pause):
                given = self._settled is not None and self._now - self._settled >= samples(pause)
            case IntoReply(seconds):
                enough = floor.speaking and floor.heard >= samples(seconds)
                given = enough or (self._settled is not None and floor.replies > self._replies)
        return given or self._now - self._active >= self._patience

    def _begin(self, floor: Floor) -> None:
        line = self._lines[self._next]
        self._next += 1
        self._left = line.pcm
        self._replies = floor.replies
        ends_at = self._now + rescale(len(line.pcm), self._rate)
        self._said.append(Said(line.name, self._now, ends_at))
        self._on_line(self._said[-1])

    def _say(self, left: Samples) -> Samples:
        size = len(self._silence)
        frame = self._silence.copy()
        frame[: len(left[:size])] = left[:size]
        self._left = left[size:] if len(left) > size else None
        self._active, self._settled = self._now, None
        return frame
