"""What the listener makes of the caller lane, a stretch of audio at a time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from talkover.core.audio import to_float
from talkover.core.errors import TalkoverError
from talkover.core.listener import ListenRequest, Transcript, Word
from talkover.core.words import WordEvidence, echoes, floor, weigh
from talkover.server.parts import Parts
from talkover.server.session import wire
from talkover.server.session.lane import CallerLane
from talkover.server.session.mediaclock import MediaClock
from talkover.server.session.outbox import Outbox
from talkover.server.spawning import Spawn
from talkover.server.thinking.scene import TimedWord
from talkover.server.turns import CallerTurn, Heard, Listen, Observation, Purpose, Words


class Ears:
    """Listens when the machine says so, and keeps what was heard until the turn is over.

    Args:
        lane: Where the audio is.
        clock: The session's time.
        outbox: Where transcripts in progress go.
        languages: That the caller may speak.
        turn: The caller's turn under way, if there is one.
        own: What the agent has said lately.
        heard: Told of the words of a listen, and which share of them the agent has just said,
            before the machine is.
        observe: Told what was heard.
        spawn: Starts a task that the session owns.
        in_view: Words that the caller sees.
        beam: Beginnings of texts that are followed for what is final.
        bias: How much what is in view weighs in it; see ``ListenRequest``.
    """

    def __init__(
        self,
        lane: CallerLane,
        clock: MediaClock,
        outbox: Outbox,
        languages: Sequence[str],
        *,
        turn: Callable[[], CallerTurn | None],
        own: Callable[[], str],
        heard: Callable[[Listen, WordEvidence, float], None],
        observe: Callable[[Observation], None],
        spawn: Spawn,
        in_view: Callable[[], tuple[str, ...]],
        beam: int,
        bias: float,
    ) -> None:
        self._lane = lane
        self._clock = clock
        self._outbox = outbox
        self._languages = tuple(languages)
        self._turn = turn
        self._own = own
        self._heard = heard
        self._observe = observe
        self._spawn = spawn
        self._in_view = in_view
        self._beam = beam
        self._bias = bias
        self._segments: dict[int, wire.Segment] = {}
        self._listening: dict[int, asyncio.Task[None]] = {}

    def listen(self, command: Listen, parts: Parts) -> None:
        """Transcribe a stretch of the lane. A later look at the same audio replaces this one."""
        for listen, task in list(self._listening.items()):
            if not self._settled(listen):
                task.cancel()
        task = self._spawn(self._transcribe(command, parts), f"listen-{command.listen}")
        self._listening[command.listen] = task
        task.add_done_callback(lambda _: self._listening.pop(command.listen, None))

    def settle(self, listens: Sequence[int]) -> list[wire.Segment]:
        """What a turn that is over consists of; everything else is forgotten."""
        segments = [self._segments[n] for n in listens if n in self._segments]
        self._segments.clear()
        return segments

    def words(self, listens: Sequence[int]) -> tuple[TimedWord, ...]:
        """The words of some listens on the media clock, in order."""
        return tuple(
            TimedWord(word.text, part.start + word.start, part.start + word.end)
            for listen in listens
            if (part := self._segments.get(listen)) is not None
            for word in part.words
        )

    def _settled(self, listen: int) -> bool:
        turn = self._turn()
        return turn is not None and listen in turn.settled

    async def _transcribe(self, command: Listen, parts: Parts) -> None:
        final = command.purpose in (Purpose.CANDIDATE, Purpose.SEGMENT)
        if command.purpose is Purpose.PARTIAL and parts.listener.busy:
            # It is only there to be looked at; others' words must not wait for it.
            self._observe(Heard(self._lane.now(self._clock.now()), command.listen, ""))
            return
        pcm = to_float(self._lane.tape.cut(command.start, command.end))
        request = ListenRequest(
            pcm=pcm,
            languages=self._languages,
            words=final,
            beam=self._beam if final else 1,
            in_view=self._in_view() if final else (),
            bias=self._bias if final else 0.0,
        )
        try:
            urgent = command.purpose is not Purpose.PARTIAL
            transcript = await parts.listener.transcribe(request, urgent=urgent)
        except TalkoverError as error:
            self._outbox.put(wire.problem(self._clock.now(), error))
            text = ""
        else:
            now = self._clock.now()
            transcript = _within(transcript, command)
            segment = wire.Segment(command.start, command.end, transcript, now)
            self._segments[command.listen] = segment
            text = segment.text
            self._show(command, segment, parts.bundle_id)
        now = self._lane.now(self._clock.now())
        self._observe(Heard(now, command.listen, text, self._weigh(command, text)))

    def _weigh(self, command: Listen, text: str) -> Words:
        """What the words say about the floor."""
        evidence = weigh(text, self._languages)
        said = self._own()
        own = echoes(text, said)
        if text:
            self._heard(command, evidence, own)
        ending = floor(text, self._languages, said)
        return Words(
            count=evidence.count,
            backchannel=evidence.backchannel,
            floor=evidence.floor,
            hallucination=evidence.hallucination,
            own=own,
            completeness=ending.completeness,
            dictating=ending.dictating,
            hesitating=ending.hesitating,
        )

    def _show(self, command: Listen, segment: wire.Segment, bundle_id: str) -> None:
        """Send the caller's words so far."""
        turn = self._turn()
        if turn is None or turn.index != command.turn:
            return
        before = [self._segments[n] for n in turn.settled if n in self._segments]
        if command.listen not in turn.settled:
            before.append(segment)
        if any(part.text for part in before):
            now = self._clock.now()
            self._outbox.put(wire.transcript(now, command.turn, before, bundle_id, final=False))


def _within(transcript: Transcript, listen: Listen) -> Transcript:
    """Keep word times within the voice: the outer words reach into the silence around it."""
    low, high = listen.first - listen.start, max(listen.first, listen.last) - listen.start

    def inside(word: Word) -> Word:
        start = min(max(word.start, low), high)
        return replace(word, start=start, end=min(max(word.end, start), high))

    hypotheses = tuple(
        replace(one, words=tuple(inside(word) for word in one.words))
        for one in transcript.hypotheses
    )
    return replace(transcript, hypotheses=hypotheses)
