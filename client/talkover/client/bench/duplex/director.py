"""Plays a script by what the agent does: a closed loop, 20 ms at a time. Pure.

One frame after another ``hear`` is told what comes out of the loudspeaker in it and ``frame`` gives
what the microphone hears in it. Sounds begin at frame borders, so an event's times are exact.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from talkover.client.bench.duplex.clips import Samples
from talkover.client.bench.duplex.room import EchoPath, air
from talkover.client.bench.duplex.script import (
    PATIENCE,
    UNANSWERED,
    AfterReply,
    At,
    CallPlan,
    Mark,
    OverAgent,
    Piece,
    Step,
)
from talkover.client.bench.duplex.types import Event
from talkover.core.clock import FRAME, RATE

GO_ON: Final = "Please go on."
"""What is typed to an agent that has nothing to say."""
_HEARD: Final = 50  # int16, root mean square of a frame in which the agent sounds: -56 dBFS
_STEADY: Final = 60  # frames looked back on
_SOUNDING: Final = 0.7  # share of them in which an agent sounds that speaks
_JUST_NOW: Final = 0.1  # seconds
_NUDGE_QUIET: Final = 1.0  # seconds of silence before the agent is asked to go on
_NUDGE_EVERY: Final = 6.0  # seconds
_SHARE_HEARD: Final = 1.6  # times the seconds that are wanted, listening ends without them


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """20 ms of a caller.

    Attributes:
        sent: What the microphone hears: int16 [320].
        near: The caller's own voice in it.
        typed: A turn to type now.
    """

    sent: Samples
    near: Samples
    typed: str | None = None


class Director:
    """Plays one call.

    Args:
        plan: What.
    """

    def __init__(self, plan: CallPlan) -> None:
        self._plan = plan
        self._now = 0  # samples
        self._step = 0
        self._pieces: list[tuple[int, Piece]] = []  # when they begin; sounding or to come
        self._busy_until = 0
        self._rest_until = 0
        self._answer_until = 0
        self._listening: tuple[int, Step] | None = None  # since when
        self._events: list[Event] = []
        self._air = air(plan.air, plan.seed)
        echo = plan.echo
        self._echo = (
            EchoPath(echo.delay, echo.gain, reverberation=echo.reverberation, seed=echo.seed)
            if echo
            else None
        )
        self._returned = np.zeros(FRAME)
        self._lately: deque[bool] = deque(maxlen=_STEADY)
        self._last_heard: int | None = None
        self._heard = 0  # samples in which the agent has sounded
        self._heard_before = 0  # of these, before listening began
        self._reply_heard = 0  # samples since the reply under way began
        self._answered = False  # since the caller last spoke
        self._nudged = -PATIENCE * RATE
        self._waiting_since = 0

    @property
    def events(self) -> tuple[Event, ...]:
        """What has been done so far."""
        return tuple(self._events)

    def hear(self, played: Samples) -> None:
        """Take the 20 ms of the agent that come out while ``frame`` is spoken next."""
        sounding = float(np.square(played.astype(np.float64)).mean()) > _HEARD**2
        self._lately.append(sounding)
        self._reply_heard += FRAME if self._reply_heard or sounding else 0
        if sounding:
            self._last_heard = self._now
            self._heard += FRAME
            self._answered = self._answered or self._now >= self._busy_until
        if self._echo is not None:
            self._returned = self._echo.pass_frame(played)

    def reply_begins(self) -> None:
        """The agent begins a new reply."""
        self._reply_heard = 0

    def frame(self) -> Spoken | None:
        """The caller's next 20 ms; None: hangs up."""
        if self._now >= self._plan.limit * RATE:
            return None
        self._stop_listening()
        typed = None
        idle = self._now >= self._busy_until and self._listening is None
        if idle and self._step == len(self._plan.steps):
            if self._now >= self._rest_until + self._plan.tail * RATE:
                return None
        elif idle:
            step = self._plan.steps[self._step]
            patience = UNANSWERED if isinstance(step.cue, AfterReply) else PATIENCE
            late = self._now - self._waiting_since > patience * RATE
            given = self._given(step)
            if given or late:
                self._begin(step, counts=given)
            elif isinstance(step.cue, OverAgent) and self._wants_nudge():
                typed = GO_ON
        elif self._listening is not None and self._wants_nudge():
            typed = GO_ON
        if typed is not None:
            self._nudged = self._now
        spoken = self._mix(typed)
        self._now += FRAME
        return spoken

    def _given(self, step: Step) -> bool:
        match step.cue:
            case At(seconds):
                return self._now >= seconds * RATE
            case AfterReply(quiet):
                return self._answered and self._silent() >= quiet
            case OverAgent(heard, latest):
                steady = sum(self._lately) >= _SOUNDING * _STEADY or step.listen > 0
                return (
                    self._now >= self._rest_until
                    and self._silent() <= _JUST_NOW
                    and heard <= self._reply_heard / RATE <= latest
                    and steady
                )

    def _silent(self) -> float:
        """Seconds since the agent was last heard."""
        return (self._now - (self._last_heard or 0)) / RATE

    def _wants_nudge(self) -> bool:
        return (
            self._now >= (self._rest_until if self._answered else self._answer_until)
            and self._silent() >= _NUDGE_QUIET
            and self._now - self._nudged >= _NUDGE_EVERY * RATE
        )

    def _begin(self, step: Step, *, counts: bool) -> None:
        self._step += 1
        self._answered = False
        self._pieces += [(self._now + piece.at, piece) for piece in step.pieces]
        self._busy_until = self._waiting_since = self._now + step.length
        self._rest_until = self._busy_until + round(step.rest * RATE)
        answer = self._busy_until + round(step.answer * RATE)
        self._answer_until = max(self._rest_until, answer)
        if step.listen:
            self._listening, self._heard_before = (self._now, step), self._heard
            return
        for mark in step.marks:
            self._note(mark, self._now + mark.start, self._now + mark.end, counts=counts)

    def _stop_listening(self) -> None:
        if self._listening is None:
            return
        since, step = self._listening
        heard = self._heard - self._heard_before
        if max(heard, (self._now - since) / _SHARE_HEARD) < step.listen * RATE:
            return
        for mark in step.marks:
            self._note(mark, since, self._now, counts=True)
        self._listening = None
        self._waiting_since = self._now
        self._rest_until = self._now + round(step.rest * RATE)

    def _note(self, mark: Mark, start: int, end: int, *, counts: bool) -> None:
        event = Event(
            mark.kind,
            start / RATE,
            end / RATE,
            mark.text,
            mark.voice,
            mark.language,
            mark.snr,
            mark.detail,
        )
        self._events.append(event if counts else replace(event, counts=False))

    def _mix(self, typed: str | None) -> Spoken:
        own, other = np.zeros(FRAME), self._returned.copy()
        first = self._now % len(self._air)
        other += self._air[first : first + FRAME]
        for begin, piece in self._pieces:
            _add(own if piece.own else other, piece.clip.pcm, self._now - begin)
        self._pieces = [(b, p) for b, p in self._pieces if b + len(p.clip.pcm) > self._now + FRAME]
        return Spoken(_int16(own + other), _int16(own), typed)


def _add(frame: np.ndarray[tuple[int], np.dtype[np.float64]], pcm: Samples, place: int) -> None:
    """Add to a frame what of ``pcm`` falls into it, which begins at ``place`` of ``pcm``."""
    begin = max(-place, 0)
    part = pcm[max(place, 0) : max(place + FRAME, 0)]
    if begin < FRAME:
        frame[begin : begin + len(part)] += part


def _int16(sound: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Samples:
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)
