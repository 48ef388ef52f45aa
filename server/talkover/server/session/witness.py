"""Who speaks in a session, what for, and whether they are done: asks, and tells the machine."""

import math
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import to_float
from talkover.core.clock import HOP, RATE, samples
from talkover.core.errors import TalkoverError
from talkover.core.overlap import OverlapEvidence
from talkover.core.speaker import Enrolment
from talkover.core.words import WordEvidence
from talkover.server.evidence import Witness
from talkover.server.hearing import Judged
from talkover.server.session.lane import CallerLane
from talkover.server.spawning import Spawn
from talkover.server.turns import (
    CallerTurn,
    Classified,
    Ending,
    Listen,
    Observation,
    Purpose,
    Speaker,
)

_TURN: Final = samples(8.0)  # of a turn that its end is judged by
_TAIL: Final = samples(0.2)  # of the pause after it
_VOICE: Final = samples(0.35)  # of voice, before somebody is told from somebody else
_LONGEST: Final = samples(4.0)  # of voice that somebody is told by, in a pause,
_LATELY: Final = samples(2.0)  # and while they speak, when it must be quick
_LEAD: Final = samples(0.2)  # before the onset, for the classifier
_HOPS: Final = samples(60.0) // HOP  # of an overlap: a television may run for hours
_AGAIN: Final = samples(0.5)  # between two questions about who speaks
_FRESH: Final = samples(1.5)  # of voice in an overlap, in which it is judged
_OFTEN: Final = 2  # hops apart,
_SELDOM: Final = 8  # and these after that: the classifier takes 20 ms of a core


class TurnWitness:
    """Asks the witness about the caller's turn under way, and tells the machine the answers.

    Args:
        lane: Where the audio is.
        witness: The models in use.
        turn: The caller's turn under way, if there is one.
        observe: Told what was found.
        spawn: Starts a task that the session owns.
    """

    def __init__(
        self,
        lane: CallerLane,
        *,
        witness: Callable[[], Witness],
        turn: Callable[[], CallerTurn | None],
        observe: Callable[[Observation], None],
        spawn: Spawn,
    ) -> None:
        self._lane = lane
        self._witness = witness
        self._turn = turn
        self._observe = observe
        self._spawn = spawn
        self._enrolment = Enrolment()
        self._enrolled: object = None  # by which model: voices of two cannot be compared
        self._level: float | None = None  # of the caller's speech: dBFS
        self._voice: deque[float] = deque(maxlen=_HOPS)  # of the overlap's hops
        self._echo: deque[float] = deque(maxlen=_HOPS)
        self._words: WordEvidence | None = None
        self._said = 0.0
        self._covered = 0
        self._hops = 0  # of the overlap
        self._looked = 0  # when the speaker was, last
        self._busy = False

    def hop(self, hop: Judged) -> None:
        """A hop was judged, and the machine knows."""
        turn = self._turn()
        if turn is None or turn.overlap is None:
            self._voice.clear()
            self._echo.clear()
            self._words, self._hops = None, 0
            return
        self._voice.append(hop.voice)
        self._echo.append(hop.echo)
        self._hops += 1
        every = _OFTEN if turn.overlap.voiced < _FRESH else _SELDOM
        if not self._busy and self._hops % every == 0:
            self._busy = True
            self._spawn(self._classify(turn), "classify")
        if turn.overlap.voiced >= _VOICE and hop.end - self._looked >= _AGAIN:
            self._looked = hop.end
            begin = max(turn.overlap.onset, turn.last_voice - _LATELY)
            self._spawn(self._recognise(turn, begin, turn.last_voice), "who")

    def heard(self, listen: Listen, words: WordEvidence, own: float) -> None:
        """The listener answered with words, of which the agent has just said the share ``own``."""
        if listen.purpose is Purpose.CANDIDATE:
            self._paused(listen)  # not before: on few cores that would delay the words
        turn = self._turn()
        if turn is not None and turn.overlap is not None and turn.index == listen.turn:
            self._words, self._said = words, own
            self._covered = listen.end

    def _paused(self, listen: Listen) -> None:
        """The caller paused: is the turn over, and whose was it?"""
        self._spawn(self._listen_for_end(listen), "ending")
        turn = self._turn()
        if turn is not None and listen.last - listen.first >= _VOICE:
            self._spawn(self._recognise(turn, listen.first, listen.last), "who")

    def enrol(self, start: int, end: int) -> None:
        """What was said between two times was the caller's, and is being answered."""
        pcm = to_float(self._lane.tape.cut(max(start, end - _LONGEST), end))
        if len(pcm) >= _VOICE:
            level = 10 * math.log10(float(np.mean(np.square(pcm))) + 1e-10)
            self._level = level if self._level is None else 0.7 * self._level + 0.3 * level
            self._spawn(self._learn(pcm), "enrol")

    # Questions

    async def _classify(self, turn: CallerTurn) -> None:
        overlap = turn.overlap
        if overlap is None:
            self._busy = False
            return
        try:
            found = await self._witness().classify(lambda: self._evidence(overlap.onset, turn))
        except TalkoverError:
            found = None  # the rules decide
        finally:
            self._busy = False
        if found is not None:
            self._observe(
                Classified(
                    self._lane.judged,
                    turn.index,
                    found.barge_in,
                    found.backchannel,
                    found.side_talk,
                    found.noise,
                    found.echo,
                )
            )

    def _evidence(self, onset: int, turn: CallerTurn) -> OverlapEvidence:
        now = self._lane.judged
        return OverlapEvidence(
            pcm=self._lane.tape.cut(max(0, onset - _LEAD, now - samples(2.0)), now),
            voice=tuple(self._voice),
            echo=tuple(self._echo),
            level=self._level,
            similarity=turn.similarity,
            words=self._words,
            own=self._said,
            words_age=(now - self._covered) / RATE if self._words is not None else 0.0,
        )

    async def _recognise(self, turn: CallerTurn, start: int, end: int) -> None:
        start = max(start, end - _LONGEST)
        embedding = await self._embed(to_float(self._lane.tape.cut(start, end)))
        if embedding is None:
            return
        chance = self._enrolment.chance(embedding, (end - start) / RATE)
        if chance is not None:
            self._observe(Speaker(self._lane.judged, turn.index, chance))

    async def _listen_for_end(self, listen: Listen) -> None:
        end = min(listen.last + _TAIL, self._lane.judged)
        pcm = to_float(self._lane.tape.cut(max(listen.first, end - _TURN), end))
        try:
            chance = await self._witness().ending(pcm)
        except TalkoverError:
            return  # the words alone decide
        if chance is not None:
            self._observe(Ending(self._lane.judged, listen.listen, chance))

    async def _learn(self, pcm: NDArray[np.float32]) -> None:
        embedding = await self._embed(pcm)
        if embedding is None:
            return
        seconds = len(pcm) / RATE
        if not self._enrolment.ready:
            self._enrolment.collect(embedding, seconds)
        else:
            self._enrolment.adapt(embedding, seconds)

    async def _embed(self, pcm: NDArray[np.float32]) -> NDArray[np.float32] | None:
        witness = self._witness()
        if witness.speaker is not self._enrolled:
            self._enrolment, self._enrolled = Enrolment(), witness.speaker
        try:
            embedding = await witness.embed(pcm)
        except TalkoverError:
            return None  # too short, silent, or too many ask: nobody is known by it
        return embedding if witness.speaker is self._enrolled else None
