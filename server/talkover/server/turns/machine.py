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
                                └── it was none, or nothing came of it: resume ──▶ speaking

While the agent speaks, every sound of the caller ducks it; ``overlap`` decides whether it yields,
and goes on looking: an agent that yielded to what proves to be a "mm-hm" or a television resumes.
A reply may be prepared before the caller's turn is surely over; ``Release`` lets it be heard.
"""

from collections.abc import Iterator

from talkover.core.clock import HOP
from talkover.server.turns.agent import AgentFloor, AgentState
from talkover.server.turns.ending import broken_off, chance, wait
from talkover.server.turns.messages import (
    Aside,
    Cancel,
    Change,
    Classified,
    Command,
    Ending,
    Heard,
    Listen,
    Nod,
    Observation,
    Pressed,
    Purpose,
    Release,
    ReplyAudible,
    ReplyOver,
    Speaker,
    Tell,
    Think,
    Tick,
    Typed,
    Voice,
    Words,
)
from talkover.server.turns.overlap import Overlap, Verdict, judge
from talkover.server.turns.policy import TurnPolicy
from talkover.server.turns.turn import CallerTurn


class TurnMachine:
    """Decides who has the floor.

    Args:
        policy: The thresholds.
    """

    def __init__(self, policy: TurnPolicy | None = None) -> None:
        self.policy = policy or TurnPolicy()
        self.turn: CallerTurn | None = None
        self._floor = AgentFloor()
        self._turns = 0
        self._listens = 0
        self._partial: int | None = None  # the partial that is with the listener
        self._asked_after = 0  # ticks of voice in the overlap when it was asked for
        self._voiced = False
        self._sunk = False  # the last hop was no firm voice
        self._rising = 0  # ticks of voice that may become speech
        self._last_hop = 0
        self._last_voiced = 0  # where the last voiced hop ended, in a turn or not

    @property
    def turns(self) -> int:
        """How many turns the caller has begun."""
        return self._turns

    @property
    def agent(self) -> AgentState:
        """What the agent is doing."""
        return self._floor.state

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
                return self._floor.audible(at, turn)
            case ReplyOver(at, turn):
                return self._floor.over(at, turn)

    # The caller's voice

    def _on_voice(self, at: int, probability: float, echo: float) -> Iterator[Command]:
        self._last_hop = at
        threshold = self.policy.voice_off if self._voiced else self.policy.voice_on
        self._voiced = probability >= threshold and echo < self.policy.echo
        # Only the first such hop: what goes on as softly as that is speech.
        sinking = self._voiced and not self._sunk and probability < self.policy.voice_sinks
        self._sunk = probability < self.policy.voice_sinks
        if self._voiced:
            self._last_voiced = at
        if self.turn is None:
            yield from self._on_stray_voice(at)
        elif self._voiced:
            yield from self._on_more_voice(self.turn, at)
            if sinking and self.turn is not None and self.turn.overlap is None:
                yield self._candidate(self.turn, at)
        else:
            yield from self._on_silence(self.turn, at)

    def _on_stray_voice(self, at: int) -> Iterator[Command]:
        """A hop while no turn is under way."""
        self._rising = self._rising + HOP if self._voiced else 0
        over = self._floor.speaking
        if self._rising >= (self.policy.onset_over if over else self.policy.onset):
            yield from self._begin(at)
        elif self._voiced:
            yield from self._floor.duck(at)  # it may be nothing; then this cost nothing
        elif at - self._last_voiced >= self.policy.duck_hold:
            yield from self._floor.unduck(at)

    def _on_tick(self, at: int) -> Iterator[Command]:
        # A lane without audio is a silent one: no turn may hang on a caller who stopped sending.
        if at - self._last_hop >= self.policy.stalled:
            self._voiced = False
            self._rising = 0
            if self.turn is not None:
                yield from self._on_silence(self.turn, at)
            else:
                yield from self._floor.unduck(at)

    def _begin(self, at: int) -> Iterator[Command]:
        onset = at - self._rising
        voiced, self._rising = self._rising, 0
        start = max(0, onset - self.policy.preroll)
        answered = self._floor.answered
        if self.agent is AgentState.THINKING and answered is not None:
            # Nothing of the reply was audible yet: the caller merely goes on.
            yield from self._floor.withdraw(onset)
            turn = self._take_back(answered)
            if turn.typed:
                turn.start = turn.segment = start
                turn.typed = False
        else:
            turn = self._open(start, at)
            yield Tell(onset, Change.CALLER_STARTED, turn.index)
            if self._floor.speaking:
                turn.overlap = Overlap(onset, voiced)
                yield Tell(onset, Change.OVERLAP, turn.index)
                yield from self._floor.duck(at)
        turn.last_voice = turn.last_partial = at

    def _open(self, start: int, at: int) -> CallerTurn:
        self.turn = CallerTurn(self._turns, start, start, at, nodded=at)
        self._turns += 1
        return self.turn

    def _take_back(self, turn: CallerTurn) -> CallerTurn:
        """An ended turn, whose reply was dropped, is the caller's again."""
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
        if at - turn.segment >= self.policy.segment_hard:
            yield self._settle(turn, at)
        elif self._partial is None:
            yield from self._maybe_partial(turn, at)

    def _maybe_partial(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        overlap = turn.overlap
        watched = overlap is not None and overlap.watched(self.policy)
        every = self.policy.partial_over if watched else self.policy.partial_every
        if at - turn.last_partial < every:
            return
        turn.last_partial = at
        if overlap is not None and overlap.ignored:
            # Of what goes on and on in the background, only the latest may still matter.
            turn.segment = max(turn.segment, at - self.policy.ignored_keep)
        purpose = Purpose.OVERLAP if watched else Purpose.PARTIAL
        self._asked_after = overlap.voiced if overlap is not None else 0
        listen = self._listen(turn, at, purpose)
        self._partial = listen.listen
        yield listen

    def _on_silence(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        silence = at - turn.last_voice
        pause = self.policy.pause if turn.overlap is None else self.policy.pause_over
        if silence >= pause:
            if turn.candidate is None:
                yield self._candidate(turn, min(at, turn.last_voice + self.policy.tail))
        elif silence * 2 >= self.policy.pause and (at - turn.segment >= self.policy.segment_soft):
            yield self._settle(turn, at)
        yield from self._maybe_end(turn, at)

    def _candidate(self, turn: CallerTurn, end: int) -> Listen:
        """What may be all of the turn."""
        listen = self._listen(turn, end, Purpose.CANDIDATE)
        turn.candidate = listen.listen
        return listen

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

    def _decide(self, turn: CallerTurn, at: int, *, over: bool = False) -> Iterator[Command]:
        """Yield, un-duck or go on, if what is known by now says so.

        Args:
            turn: With an overlap.
            at: Now.
            over: The sound is over, and no more will be known of it.
        """
        overlap = turn.overlap
        if overlap is None:
            return
        verdict = judge(overlap, self.policy, silence=at - turn.last_voice, over=over)
        if verdict is not Verdict.UNDECIDED:
            overlap.verdict = verdict
        match verdict:
            case Verdict.UNDECIDED:
                pass
            case Verdict.BARGE_IN:
                overlap.ignored = False
                if self._floor.speaking:
                    overlap.yielded, overlap.yielded_after = True, overlap.voiced
                yield from self._floor.hold(at)
            case _:
                overlap.ignored = True
                yield from self._floor.unduck(at)
                if overlap.yielded:
                    overlap.yielded, overlap.wronged = False, True
                    yield from self._floor.resume(at)

    # Evidence

    def _on_heard(self, at: int, listen: int, text: str, words: Words) -> Iterator[Command]:
        partial = listen == self._partial
        if partial:
            self._partial = None
        for turn in (self.turn, self._floor.answered):
            if turn is not None and (listen in turn.settled or listen == turn.candidate):
                turn.heard[listen] = text
                turn.words[listen] = words
        if self.turn is None:
            return
        overlap, last = self.turn.overlap, listen == self.turn.candidate
        if overlap is not None and (partial or last):
            if text.strip():
                overlap.words = words
                overlap.covered = overlap.voiced if last else self._asked_after
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
        if turn.overlap is not None:
            yield from self._decide(turn, at)
        if turn.candidate is None or (text := turn.text()) is None:
            return
        if turn.overlap is None:
            yield from self._maybe_turn(turn, text, at)
        elif at - turn.last_voice >= turn.overlap.over_after(self.policy):
            yield from self._decide(turn, at, over=True)
            # Words begun over the agent's last syllable are a turn, if they are nothing else.
            alone = text and not (self._floor.speaking or turn.overlap.ignored)
            if turn.overlap.yielded or alone:
                yield from self._maybe_turn(turn, text, at)
            else:
                yield from self._false_start(turn, at)

    def _maybe_turn(self, turn: CallerTurn, text: str, at: int) -> Iterator[Command]:
        """All words so far are known, and nothing but them and time can end the turn."""
        silence = at - turn.last_voice
        words, sound = turn.last_words(), turn.last_sound()
        if not text or self._nothing(turn, words):
            if silence >= self.policy.nothing:
                yield from self._false_start(turn, at)
            return
        over = silence >= wait(words, sound, self.policy)
        sure = chance(words, sound)
        if self._floor.held and broken_off(words, sure, self.policy):
            # They began to say something, and think better of it: the agent goes on.
            if silence >= self.policy.broken_wait:
                yield from self._false_start(turn, at)
            return
        if not turn.thinking and (over or sure >= self.policy.think_above):
            yield from self._think(turn, text)
        elif not turn.thinking:
            yield from self._maybe_nod(turn, at)
        if over:
            yield from self._end(turn, at)

    def _maybe_nod(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        """Let somebody who tells something long know that they are heard."""
        pause = at - turn.last_voice >= self.policy.nod_pause
        due = 0 < self.policy.nod_after <= at - turn.nodded
        if pause and due and self.agent is AgentState.QUIET:
            turn.nodded = at
            yield Nod(turn.index)

    def _nothing(self, turn: CallerTurn, words: Words) -> bool:
        """Whether what was heard is no reason to take the floor."""
        held = self._floor.held
        least = self.policy.stranger if held else self.policy.stranger_alone
        stranger = turn.similarity is not None and turn.similarity < least
        if not held:
            return stranger
        empty = words.hallucination >= self.policy.words_invented
        polite = words.backchannel >= self.policy.words_backchannel > words.floor
        return stranger or empty or polite or words.own >= self.policy.words_own

    def _false_start(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        """The caller's turn was none."""
        self.turn = None
        if turn.thinking:
            yield Cancel(turn.index)
        if turn.text():
            yield Aside(turn.index, turn.listens(), turn.talker(self.policy.stranger))
        yield from self._floor.unduck(at)
        yield Tell(at, Change.FALSE_START, turn.index)
        yield from self._floor.resume(at)

    def _think(self, turn: CallerTurn, text: str) -> Iterator[Command]:
        yield from self._floor.give_up()
        turn.overlap = None  # it is decided
        turn.thinking = True
        yield Think(turn.index, text, turn.start, turn.last_voice, turn.listens())

    def _end(self, turn: CallerTurn, at: int) -> Iterator[Command]:
        self.turn = None
        turn.thinking = False
        self._floor.answer(turn)
        yield Tell(at, Change.CALLER_ENDED, turn.index)
        yield Release(turn.index)

    def _on_typed(self, at: int, text: str) -> Iterator[Command]:
        if self.turn is not None:  # they type and speak at once: one turn
            self._add_typed(self.turn, text)
            if self.turn.overlap is not None:
                yield from self._floor.hold(at)
                self.turn.overlap = None
            return
        answered = self._floor.answered
        if self.agent is AgentState.THINKING and answered is not None:
            before = answered.listens()
            yield from self._floor.withdraw(at)
            turn = self._take_back(answered)
            # What was heard of it stays; nothing more will be.
            turn.settled = [*before]
        else:
            yield from self._floor.silence(at)
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

    def _silence_agent(self, at: int) -> Iterator[Command]:
        yield from self._floor.silence(at)
        if self.turn is not None:
            self.turn.overlap = None
