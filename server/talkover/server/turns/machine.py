"""The turn-taking core: a deterministic state machine on the media clock.

No I/O, no wall clock, no models. Observations go in, in the order in which they became known;
commands come out. The same observations always give the same commands.

::

            voice lasts               silence lasts, words came
    quiet ──────────────▶ caller turn ─────────────────────────▶ thinking ──▶ speaking ──▶ quiet
      ▲                     │   ▲  ▲                                │           │  ▲
      └──── no words ───────┘   │  └───── the caller goes on ───────┘   a sound │  │ no barge-in
                                │                                             ▼  │
                              held ◀──────────── barge-in ──────────────── ducked
                                └── no words after all: resume ──▶ speaking

While the agent speaks, every sound of the caller ducks it; ``overlap`` decides whether it yields.
A reply may be prepared before the caller's turn is surely over; ``Release`` lets it be heard.
"""

from collections.abc import Iterator
from enum import StrEnum

from talkover.core.clock import HOP
from talkover.server.turns.ending import chance, wait
from talkover.server.turns.messages import (
    Cancel,
    Change,
    Classified,
    Command,
    Discard,
    Duck,
    Ending,
    Heard,
    Listen,
    Observation,
    Pressed,
    Purpose,
    Release,
    ReplyAudible,
    ReplyOver,
    Resume,
    Speaker,
    Stop,
    Tell,
    Think,
    Tick,
    Typed,
    Unduck,
    Voice,
    Words,
)
from talkover.server.turns.overlap import Overlap, Verdict, judge
from talkover.server.turns.policy import TurnPolicy
from talkover.server.turns.turn import CallerTurn


class AgentState(StrEnum):
    """What the agent is doing."""

    QUIET = "quiet"
    THINKING = "thinking"
    SPEAKING = "speaking"
    HELD = "held"
    """Silenced in mid-reply, and it may turn out that nobody wanted that."""


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
        return list(self._on(observation))

    def _on(self, observation: Observation) -> Iterator[Command]:  # noqa: C901 - a case a kind
        match observation:
            case Voice(at, probability, echo):
                return self._on_voice(at, probability, echo)
            case Tick(at):
                return self._on_tick(at)
            case Heard(at, listen, text, words):
                return self._on_heard(at, listen, text, words)
            case Ending(at, listen, probability):
                return self._on_ending(at, listen, probability)
            case Speaker(at, turn, similarity):
                return self._on_speaker(at, turn, similarity)
            case Classified(at, turn):
                return self._on_classified(at, turn, observation)
            case Typed(at, text):
                return self._on_typed(at, text)
            case Pressed(at):
                return self._silence_agent(at)
            case ReplyAudible(at, turn):
                return self._on_audible(at, turn)
            case ReplyOver(at, turn):
                return self._on_over(at, turn)

    # The caller's voice

    def _on_voice(self, at: int, probability: float, echo: float) -> Iterator[Command]:
        self._last_hop = at
        threshold = self.policy.voice_off if self._voiced else self.policy.voice_on
        self._voiced = probability >= threshold and echo < self.policy.echo
        if self.turn is None:
            self._rising = self._rising + HOP if self._voiced else 0
            over = self.agent is AgentState.SPEAKING
            if self._rising >= (self.policy.onset_over if over else self.policy.onset):
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
            turn = self._open(start, at)
            yield Tell(onset, Change.CALLER_STARTED, turn.index)
            if self.agent is AgentState.SPEAKING:
                turn.overlap = Overlap(onset, voiced)
                yield Tell(onset, Change.OVERLAP, turn.index)
                yield from self._duck(turn.overlap, at)
        turn.last_voice = turn.last_partial = at

    def _open(self, start: int, at: int) -> CallerTurn:
        self.turn = CallerTurn(self._turns, start, start, at)
        self._turns += 1
        return self.turn

    def _withdraw(self, turn: CallerTurn) -> CallerTurn:
        """Take an ended turn back: its reply is dropped, and it is the caller's again."""
        self.agent, self._answered = AgentState.QUIET, None
        self.turn, turn.candidate = turn, None
        return turn

    def _on_more_voice(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        turn.last_voice = at
        turn.candidate = None  # what was heard of it is not the end
        if turn.thinking:
            turn.thinking = False
            yield Cancel(turn.index)
        if turn.overlap is not None:
            turn.overlap.hop()
            yield from self._decide(turn, at)
        watched = turn.overlap is not None and not turn.overlap.ignored
        every = self.policy.partial_over if watched else self.policy.partial_every
        if at - turn.segment >= self.policy.segment_hard:
            yield self._settle(turn, at)
        elif at - turn.last_partial >= every and self._partial is None:
            turn.last_partial = at
            if turn.overlap is not None and turn.overlap.ignored:
                # Of what goes on and on in the background, only the latest may still matter.
                turn.segment = max(turn.segment, at - self.policy.ignored_keep)
            listen = self._listen(turn, at, Purpose.OVERLAP if watched else Purpose.PARTIAL)
            self._partial = listen.listen
            yield listen

    def _on_silence(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        silence = at - turn.last_voice
        if silence >= self.policy.pause:
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
        opening = self.policy.preroll if turn.segment == turn.start else 0
        first = min(turn.segment + opening, turn.last_voice)
        return Listen(
            self._listens - 1, turn.index, turn.segment, end, purpose, first, turn.last_voice
        )

    # Both speak

    def _decide(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        """Yield, or un-duck, if what is known by now says so."""
        overlap = turn.overlap
        if overlap is None or self.agent is not AgentState.SPEAKING:
            return
        match judge(overlap, self.policy, over=False):
            case Verdict.BARGE_IN:
                yield from self._barge_in(turn, at)
            case Verdict.UNDECIDED:
                pass
            case _:
                overlap.ignored = True
                yield from self._unduck(overlap, at)

    def _barge_in(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        turn.overlap = None
        if self.agent is AgentState.SPEAKING and self._answered is not None:
            self.agent = AgentState.HELD
            yield Stop(self._answered.index)
            yield Tell(at, Change.BARGE_IN, self._answered.index)

    def _duck(self, overlap: Overlap, at: int) -> Iterator[Command]:
        if self._answered is not None:
            overlap.ducked = True
            yield Duck(self._answered.index)
            yield Tell(at, Change.DUCKED, self._answered.index)

    def _unduck(self, overlap: Overlap, at: int) -> Iterator[Command]:
        if overlap.ducked and self._answered is not None:
            overlap.ducked = False
            yield Unduck(self._answered.index)
            yield Tell(at, Change.UNDUCKED, self._answered.index)

    def _ignore(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        """A sound over the agent's speech is over, and was none of its business."""
        self.turn = None
        if turn.overlap is not None and self.agent is AgentState.SPEAKING:
            yield from self._unduck(turn.overlap, at)
        yield Tell(at, Change.FALSE_START, turn.index)

    # Evidence

    def _on_heard(self, at: int, listen: int, text: str, words: Words) -> Iterator[Command]:
        partial = listen == self._partial
        if partial:
            self._partial = None
        for turn in (self.turn, self._answered):
            if turn is not None and (listen in turn.settled or listen == turn.candidate):
                turn.heard[listen] = text
                turn.words[listen] = words
        if self.turn is None:
            return
        known = partial or listen == self.turn.candidate
        if known and self.turn.overlap is not None and text.strip():
            self.turn.overlap.words = words
            yield from self._decide(self.turn, at)
        yield from self._maybe_end(self.turn, at)

    def _on_ending(self, at: int, listen: int, probability: float) -> Iterator[Command]:
        if self.turn is not None and listen == self.turn.candidate:
            self.turn.sound[listen] = probability
            yield from self._maybe_end(self.turn, at)

    def _on_speaker(self, at: int, turn: int, similarity: float) -> Iterator[Command]:
        if self.turn is None or self.turn.index != turn:
            return
        self.turn.similarity = similarity
        if self.turn.overlap is not None:
            self.turn.overlap.similarity = similarity
            yield from self._decide(self.turn, at)

    def _on_classified(self, at: int, turn: int, found: Classified) -> Iterator[Command]:
        if self.turn is not None and self.turn.index == turn and self.turn.overlap is not None:
            self.turn.overlap.classified = found
            yield from self._decide(self.turn, at)

    # The turn's end

    def _maybe_end(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        silence = at - turn.last_voice
        if turn.candidate is None or (text := turn.text()) is None:
            return
        if turn.overlap is not None:
            if silence < self.policy.over_pause:
                return
            # Words begun over the agent's last syllable are a turn, if they are nothing else.
            alone = self.agent is not AgentState.SPEAKING and not turn.overlap.ignored and text
            if judge(turn.overlap, self.policy, over=True) is not Verdict.BARGE_IN and not alone:
                yield from self._ignore(turn, at)
                return
            yield from self._barge_in(turn, at)
        words = turn.last_words()
        if not text or self._nothing(turn, words):
            if silence >= self.policy.end_min:
                yield from self._false_start(turn, at)
            return
        sound = turn.last_sound()
        over = silence >= wait(words, sound, self.policy)
        if not turn.thinking and (over or chance(words, sound) >= self.policy.think_above):
            yield from self._think(turn, text)
        if over:
            yield from self._end(turn, at)

    def _nothing(self, turn: CallerTurn, words: Words) -> bool:
        """Whether what was heard is no reason to take the floor."""
        stranger = turn.similarity is not None and turn.similarity < self.policy.stranger
        if self.agent is not AgentState.HELD:
            return stranger
        empty = words.hallucination >= self.policy.words_invented
        polite = words.backchannel >= self.policy.words_backchannel > words.floor
        return stranger or empty or polite or words.own >= self.policy.words_own

    def _false_start(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        self.turn = None
        if turn.thinking:
            yield Cancel(turn.index)
        yield Tell(at, Change.FALSE_START, turn.index)
        if self.agent is AgentState.HELD and self._answered is not None:
            self.agent = AgentState.SPEAKING
            yield Tell(at, Change.RESUMED, self._answered.index)
            yield Resume(self._answered.index)

    def _think(self, turn: CallerTurn, text: str) -> Iterator[Command]:
        if self.agent is AgentState.HELD and self._answered is not None:
            yield Discard(self._answered.index)
            self.agent, self._answered = AgentState.QUIET, None
        turn.thinking = True
        yield Think(turn.index, text, turn.start, turn.last_voice, turn.listens())

    def _end(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        self.turn, self._answered = None, turn
        turn.thinking = False
        self.agent = AgentState.THINKING
        yield Tell(at, Change.CALLER_ENDED, turn.index)
        yield Release(turn.index)

    def _on_typed(self, at: int, text: str) -> Iterator[Command]:
        if self.turn is not None:  # they type and speak at once: one turn
            self._add_typed(self.turn, text)
            if self.turn.overlap is not None:
                yield from self._barge_in(self.turn, at)
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
        yield from self._think(turn, turn.text() or text)
        yield from self._end(turn, at)

    def _add_typed(self, turn: CallerTurn, text: str) -> None:
        turn.settled.append(self._listens)
        turn.heard[self._listens] = text
        self._listens += 1

    # The agent

    def _silence_agent(self, at: int) -> Iterator[Command]:
        answered = self._answered
        if answered is None:
            return
        if self.agent is AgentState.SPEAKING:
            yield Stop(answered.index)
            yield Tell(at, Change.BARGE_IN, answered.index)
        if self.agent is AgentState.THINKING:
            yield Cancel(answered.index)
            yield Tell(at, Change.AGENT_FINISHED, answered.index)
        else:
            yield Discard(answered.index)
        self.agent, self._answered = AgentState.QUIET, None
        if self.turn is not None:
            self.turn.overlap = None

    def _on_audible(self, at: int, turn: int) -> Iterator[Command]:
        if self._is_answering(turn) and self.agent is AgentState.THINKING:
            self.agent = AgentState.SPEAKING
            yield Tell(at, Change.AGENT_STARTED, turn)

    def _on_over(self, at: int, turn: int) -> Iterator[Command]:
        if not self._is_answering(turn) or self.agent is AgentState.HELD:
            return
        if self.turn is not None and self.turn.overlap is not None:
            yield from self._unduck(self.turn.overlap, at)
        yield Tell(at, Change.AGENT_FINISHED, turn)
        self.agent, self._answered = AgentState.QUIET, None

    def _is_answering(self, turn: int) -> bool:
        return self._answered is not None and self._answered.index == turn
