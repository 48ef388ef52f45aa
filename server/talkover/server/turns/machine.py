"""The turn-taking core: a deterministic state machine on the media clock.

No I/O, no wall clock, no models. Observations go in, in the order in which they became known;
commands come out. The same observations always give the same commands.

::

             voice lasts               silence lasts, words came
    quiet ───────────────▶ caller turn ──────────────────────────▶ thinking ──▶ speaking ──▶ quiet
      ▲                      │   ▲                                     │            │
      └──── no words ────────┘   └────────── the caller goes on ───────┘            │
                                 └────────── voice lasts over the agent ────────────┘
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from talkover.core.clock import HOP
from talkover.server.turns.messages import (
    Cancel,
    Change,
    Command,
    Heard,
    Listen,
    Observation,
    Pressed,
    Purpose,
    ReplyAudible,
    ReplyOver,
    Stop,
    Tell,
    Think,
    Tick,
    Typed,
    Voice,
)
from talkover.server.turns.policy import TurnPolicy

_FINISHED: Final = (".", "!", "?", "。", "！", "？", "।", "؟")  # noqa: RUF001 - they end sentences


class AgentState(StrEnum):
    """What the agent is doing."""

    QUIET = "quiet"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(slots=True)
class CallerTurn:
    """A turn that the caller is having.

    Attributes:
        index: Of the turn in the session.
        start: Where its audio begins, pre-roll included.
        segment: Where the part that is not settled yet begins.
        last_voice: Where its last voiced hop ended.
        voiced: Ticks of voice since the last pause.
        overlaps: The agent was speaking when it began, and has not been stopped.
        last_partial: When its words were last asked for.
        settled: Listens of its settled segments, in order.
        candidate: The listen that may hold its last words.
        heard: What came of those listens.
        typed: It has no audio of its own yet.
    """

    index: int
    start: int
    segment: int
    last_voice: int
    voiced: int = 0
    overlaps: bool = False
    last_partial: int = 0
    settled: list[int] = field(default_factory=list)
    candidate: int | None = None
    heard: dict[int, str] = field(default_factory=dict)
    typed: bool = False

    def listens(self) -> tuple[int, ...]:
        """The listens whose words make it up, in order."""
        last = () if self.candidate is None else (self.candidate,)
        return (*self.settled, *last)

    def text(self) -> str | None:
        """All its words, or None while some are still with the listener."""
        listens = self.listens()
        if any(listen not in self.heard for listen in listens):
            return None
        return " ".join(text for listen in listens if (text := self.heard[listen].strip()))


class TurnMachine:
    """Decides who has the floor.

    Args:
        policy: The thresholds.
    """

    def __init__(self, policy: TurnPolicy | None = None) -> None:
        self.policy = policy or TurnPolicy()
        self.agent = AgentState.QUIET
        self.turn: CallerTurn | None = None
        self._answered: CallerTurn | None = None  # the turn that the agent is answering
        self._turns = 0
        self._listens = 0
        self._partial: int | None = None  # the partial that is with the listener
        self._voiced = False
        self._rising = 0  # ticks of voice that may become speech
        self._last_hop = 0

    @property
    def turns(self) -> int:
        """How many turns the caller has begun."""
        return self._turns

    def step(self, observation: Observation) -> list[Command]:
        """Take one observation and return what must be done about it, in order."""
        match observation:
            case Voice(at, probability):
                return list(self._on_voice(at, probability))
            case Tick(at):
                return list(self._on_tick(at))
            case Heard(at, listen, text):
                return list(self._on_heard(at, listen, text))
            case Typed(at, text):
                return list(self._on_typed(at, text))
            case Pressed(at):
                return list(self._silence_agent(at))
            case ReplyAudible(at, turn):
                return list(self._on_audible(at, turn))
            case ReplyOver(at, turn):
                return list(self._on_over(at, turn))

    # The caller's voice

    def _on_voice(self, at: int, probability: float) -> Iterator[Command]:
        self._last_hop = at
        threshold = self.policy.voice_off if self._voiced else self.policy.voice_on
        self._voiced = probability >= threshold
        if self.turn is None:
            self._rising = self._rising + HOP if self._voiced else 0
            if self._rising >= self.policy.onset:
                yield from self._begin(at)
        elif self._voiced:
            yield from self._on_more_voice(self.turn, at)
        else:
            yield from self._on_silence(self.turn, at)

    def _on_tick(self, at: int) -> Iterator[Command]:
        # A lane without audio is a silent one: no turn may hang on a caller who stopped sending.
        if at - self._last_hop >= self.policy.stalled:
            self._voiced = False
            self._rising = 0
            if self.turn is not None:
                yield from self._on_silence(self.turn, at)

    def _begin(self, at: int) -> Iterator[Command]:
        onset = at - self._rising
        voiced, self._rising = self._rising, 0
        start = max(0, onset - self.policy.preroll)
        if self.agent is AgentState.THINKING and self._answered is not None:
            # Nothing of the reply was audible yet: the caller merely goes on.
            turn = self._withdraw(self._answered)
            yield Cancel(turn.index)
            yield Tell(onset, Change.CALLER_CONTINUED, turn.index)
            if turn.typed:
                turn.start = turn.segment = start
                turn.typed = False
        else:
            turn = self._open(start, at, overlaps=self.agent is AgentState.SPEAKING)
            yield Tell(onset, Change.CALLER_STARTED, turn.index)
            if turn.overlaps:
                yield Tell(onset, Change.OVERLAP, turn.index)
        turn.last_voice, turn.voiced, turn.last_partial = at, voiced, at

    def _open(self, start: int, at: int, *, overlaps: bool = False) -> CallerTurn:
        self.turn = CallerTurn(self._turns, start, start, at, overlaps=overlaps)
        self._turns += 1
        return self.turn

    def _withdraw(self, turn: CallerTurn) -> CallerTurn:
        """Take an ended turn back: its reply is dropped, and it is the caller's again."""
        self.agent, self._answered = AgentState.QUIET, None
        self.turn, turn.candidate = turn, None
        return turn

    def _on_more_voice(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        turn.last_voice = at
        turn.voiced += HOP
        turn.candidate = None  # what was heard of it is not the end
        if turn.overlaps and turn.voiced >= self.policy.barge_in:
            yield from self._barge_in(turn, at)
        if at - turn.segment >= self.policy.segment_hard:
            yield self._settle(turn, at)
        elif at - turn.last_partial >= self.policy.partial_every and self._partial is None:
            turn.last_partial = at
            listen = self._listen(turn, at, Purpose.PARTIAL)
            self._partial = listen.listen
            yield listen

    def _barge_in(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        turn.overlaps = False
        if self.agent is AgentState.SPEAKING and self._answered is not None:
            yield Stop(self._answered.index)
            yield Tell(at, Change.BARGE_IN, turn.index)
            self.agent, self._answered = AgentState.QUIET, None

    def _on_silence(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        silence = at - turn.last_voice
        if silence >= self.policy.pause:
            turn.voiced = 0
            if turn.candidate is None:
                end = min(at, turn.last_voice + self.policy.tail)
                listen = self._listen(turn, end, Purpose.CANDIDATE)
                turn.candidate = listen.listen
                yield listen
        elif silence * 2 >= self.policy.pause and (at - turn.segment >= self.policy.segment_soft):
            yield self._settle(turn, at)
        yield from self._maybe_end(turn, at)

    def _settle(self, turn: CallerTurn, at: int) -> Listen:
        listen = self._listen(turn, at, Purpose.SEGMENT)
        turn.settled.append(listen.listen)
        turn.segment = at
        return listen

    def _listen(self, turn: CallerTurn, end: int, purpose: Purpose) -> Listen:
        self._partial = None  # a later listen replaces it
        self._listens += 1
        return Listen(self._listens - 1, turn.index, turn.segment, end, purpose)

    # The turn's end

    def _on_heard(self, at: int, listen: int, text: str) -> Iterator[Command]:
        if listen == self._partial:
            self._partial = None
        for turn in (self.turn, self._answered):
            if turn is not None and (listen in turn.settled or listen == turn.candidate):
                turn.heard[listen] = text
        if self.turn is not None:
            yield from self._maybe_end(self.turn, at)

    def _maybe_end(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        silence = at - turn.last_voice
        if turn.candidate is None or silence < self.policy.end_complete:
            return
        text = turn.text()
        if text is None:
            return
        if not text or (turn.overlaps and self.agent is AgentState.SPEAKING):
            self.turn = None
            yield Tell(at, Change.FALSE_START, turn.index)
        elif text.endswith(_FINISHED) or silence >= self.policy.end_incomplete:
            yield from self._end(turn, text, at)

    def _end(self, turn: CallerTurn, text: str, at: int) -> Iterator[Command]:
        self.turn, self._answered = None, turn
        self.agent = AgentState.THINKING
        yield Tell(at, Change.CALLER_ENDED, turn.index)
        yield Think(turn.index, text, turn.start, turn.last_voice, turn.listens())

    def _on_typed(self, at: int, text: str) -> Iterator[Command]:
        if self.turn is not None:  # they type and speak at once: one turn
            self._add_typed(self.turn, text)
            return
        if self.agent is AgentState.THINKING and self._answered is not None:
            before = self._answered.listens()
            turn = self._withdraw(self._answered)
            yield Cancel(turn.index)
            yield Tell(at, Change.CALLER_CONTINUED, turn.index)
            # What was heard of it stays; nothing more will be.
            turn.settled = [*before]
        else:
            yield from self._silence_agent(at)
            turn = self._open(at, at)
            yield Tell(at, Change.CALLER_STARTED, turn.index)
        turn.typed = True
        self._add_typed(turn, text)
        yield from self._end(turn, turn.text() or text, at)

    def _add_typed(self, turn: CallerTurn, text: str) -> None:
        turn.settled.append(self._listens)
        turn.heard[self._listens] = text
        self._listens += 1

    # The agent

    def _silence_agent(self, at: int) -> Iterator[Command]:
        turn = self._answered
        if turn is None:
            return
        if self.agent is AgentState.SPEAKING:
            yield Stop(turn.index)
            yield Tell(at, Change.BARGE_IN, turn.index)
        else:
            yield Cancel(turn.index)
        self.agent, self._answered = AgentState.QUIET, None
        if self.turn is not None:
            self.turn.overlaps = False

    def _on_audible(self, at: int, turn: int) -> Iterator[Command]:
        if self._is_answering(turn) and self.agent is AgentState.THINKING:
            self.agent = AgentState.SPEAKING
            yield Tell(at, Change.AGENT_STARTED, turn)

    def _on_over(self, at: int, turn: int) -> Iterator[Command]:
        if not self._is_answering(turn):
            return
        yield Tell(at, Change.AGENT_FINISHED, turn)
        self.agent, self._answered = AgentState.QUIET, None
        if self.turn is not None:
            self.turn.overlaps = False  # nothing left to talk over

    def _is_answering(self, turn: int) -> bool:
        return self._answered is not None and self._answered.index == turn
