"""One caller, whatever the transport: audio and messages in, events out, tasks of its own.

The session is the edge around the turn-taking core. It feeds observations to the machine and
carries out the commands that come back; every decision about the floor is the machine's.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from talkover.core.audio import encode, to_float
from talkover.core.clock import samples
from talkover.core.errors import ProtocolError, TalkoverError
from talkover.core.records import Outcome
from talkover.core.settings import Settings
from talkover.server.hearing import Judged
from talkover.server.parts import Parts
from talkover.server.seeing.eyes import Eyes
from talkover.server.seeing.sights import Seer
from talkover.server.session import wire
from talkover.server.session.answers import Answers
from talkover.server.session.asking import Asking
from talkover.server.session.correcting import Corrector
from talkover.server.session.ears import Ears
from talkover.server.session.farend import FarEnd
from talkover.server.session.gate import Gate, Opening
from talkover.server.session.inlet import Inlet
from talkover.server.session.lane import CallerLane
from talkover.server.session.leases import Leases
from talkover.server.session.mediaclock import MediaClock
from talkover.server.session.outbox import Outbox
from talkover.server.session.pacer import Pacer
from talkover.server.session.turnbook import TurnBook
from talkover.server.session.witness import TurnWitness
from talkover.server.swap.lease import Landlord
from talkover.server.swap.shadow import LiveTurn
from talkover.server.traces import TraceWriter
from talkover.server.turns import (
    Aside,
    Cancel,
    Change,
    Command,
    Discard,
    Duck,
    Listen,
    Nod,
    Observation,
    Pressed,
    Purpose,
    Release,
    ReplyOver,
    Resume,
    Stop,
    Talker,
    Tell,
    Think,
    Tick,
    TurnMachine,
    TurnPolicy,
    Typed,
    Unduck,
    Voice,
)
from talkover.v1 import agent_pb2

_LATELY: Final = samples(12.0)  # an echo comes back sooner, and is transcribed by then

log = structlog.get_logger()


class Session:
    """One call.

    Args:
        session_id: Names the call in logs, traces and to the caller.
        gate: Has admitted the start message, and judges what follows.
        house: Gives the models; asked once a turn, so that a turn keeps its weights.
        settings: Limits and defaults.
        traces: Where the turns are kept.
        on_late: Told how many seconds late each agent frame left.
        on_reply: Told, when a reply becomes audible, where its time went.
        clock: The session's time.
    """

    def __init__(
        self,
        session_id: str,
        gate: Gate,
        house: Landlord,
        settings: Settings,
        traces: TraceWriter,
        *,
        on_late: Callable[[float], None] = lambda _: None,
        on_reply: Callable[[Mapping[str, float]], None] = lambda _: None,
        clock: MediaClock | None = None,
    ) -> None:
        if gate.opening is None:
            raise ProtocolError("a session needs a start message")
        self.id = session_id
        self.outbox = Outbox()
        self.failure: TalkoverError | None = None
        self._gate = gate
        self._opening: Opening = gate.opening
        self._languages = self._opening.languages or settings.models.languages
        self._house = house
        self._leases = Leases(house, session_id)
        self._settings = settings
        self._clock = clock or MediaClock()
        nod_after = samples(settings.turns.nod_seconds)
        self._machine = TurnMachine(TurnPolicy(nod_after=nod_after))
        self._lane = CallerLane(self._opening.audio)
        self._far = FarEnd(self._opening.audio)
        self._inlet = Inlet(self._lane, self._far, self._leases, self._heard_hop, self._broke)
        self._book = TurnBook(
            session_id,
            self._opening,
            traces,
            self._lane.tape,
            temperature=settings.brain.temperature,
            bundle_of=lambda turn: self._leases.of(turn).bundle_id,
            over=self._leases.over,
            policy=self._machine.policy,
        )
        self._corrector = Corrector(
            session_id,
            self._opening,
            book=self._book,
            leases=self._leases,
            house=house,
            tell=self.tell,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._witness = TurnWitness(
            self._lane,
            witness=lambda: self._parts_in_use().witness,
            turn=lambda: self._machine.turn,
            observe=self._observe,
            spawn=self._spawn,
        )
        self.eyes = Eyes(
            self._languages,
            now=self._clock.now,
            turn=lambda: None if (turn := self._machine.turn) is None else turn.start,
            seer=self._seer_in_use,
            tell=self.tell,
            spawn=self._spawn,
        )
        self._ears = Ears(
            self._lane,
            self._clock,
            self.outbox,
            self._languages,
            turn=lambda: self._machine.turn,
            own=self._lately_said,
            heard=self._witness.heard,
            observe=self._observe,
            spawn=self._spawn,
            in_view=self.eyes.written,
            beam=settings.models.beam,
            bias=settings.models.bias,
        )
        self._answers = Answers(
            session_id,
            self._opening.audio,
            self._leases.standing.voice.rate,
            instructions=self._opening.instructions,
            brain=settings.brain,
            reports_playout=self._opening.reports_playout,
            clock=self._clock,
            book=self._book,
            asking=Asking(self._lane, self._ears, self.eyes, self._clock),
            outbox=self.outbox,
            spawn=self._spawn,
            observe=self._observe,
            tell=self.tell,
            on_reply=on_reply,
        )
        self._agent = self._answers.lane
        self._pacer = Pacer(self._agent, self._clock, self._send_frame, self._watch, on_late)
        self._answers.stir = self._pacer.stir
        self._thought: Think | None = None  # what is being answered
        self._over = asyncio.Event()
        self._reason: agent_pb2.EndReason.ValueType = agent_pb2.END_REASON_HANG_UP
        self._leaving = False
        self._last_word = 0

    # Life

    async def run(self) -> None:
        """Live until the call is over; then everything the session owned is given back."""
        bundle_id = self._leases.standing.bundle_id
        hello = wire.started(self.id, bundle_id, self._opening)
        hello.started.languages[:] = self._languages
        self.outbox.put(hello)
        log.info("session.started", session=self.id, bundle=bundle_id)
        self._spawn(self._pacer.run(), "pace")
        self._answers.warm(self._leases.standing)
        try:
            await self._over.wait()
        finally:
            self._inlet.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.eyes.close()
            with contextlib.suppress(TalkoverError):
                await self._leases.standing.brain.forget(self.id)
            self._close_books()
            self.let_go()
            last = wire.ended(self._clock.now(), self._reason, self._machine.turns)
            self.outbox.close(last)
            log.info("session.ended", session=self.id, turns=self._machine.turns)

    def end(
        self, reason: agent_pb2.EndReason.ValueType, error: TalkoverError | None = None
    ) -> None:
        """The call is over now."""
        if self._over.is_set():
            return
        self._reason = reason
        self.failure = error
        if error is not None:
            with contextlib.suppress(TalkoverError):
                self.outbox.put(wire.problem(self._clock.now(), error))
            log.warning("session.error", session=self.id, code=error.code)
        self._over.set()

    def let_go(self) -> None:
        """Give its models back, whether it ran or not. Safe to call again."""
        self._leases.close()

    def leave(self, reason: agent_pb2.EndReason.ValueType) -> None:
        """The call is over as soon as the turn under way is answered."""
        self._leaving = True
        self._reason = reason
        self._pacer.stir()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"{self.id}:{name}")
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._broke(error)

    def _broke(self, error: BaseException) -> None:
        if not isinstance(error, TalkoverError):
            log.error("session.bug", session=self.id, exc_info=error)
            error = TalkoverError("the server made a mistake; it is in its log")
        self.end(agent_pb2.END_REASON_ERROR, error)

    # What the caller sends

    @property
    def lane_end(self) -> int:
        """Where the caller's audio ends on the media clock; 0 before there is any."""
        return self._lane.end

    @property
    def now(self) -> int:
        """The session's time, on the media clock."""
        return self._clock.now()

    @property
    def behind(self) -> int:
        """Ticks by which the caller's audio lags the clock; negative when it is ahead."""
        return self._clock.now() - self._lane.end

    async def take(self, request: agent_pb2.ConverseRequest) -> None:
        """Take one message after the start. Waits while the caller is too far ahead of the clock.

        Raises:
            TalkoverError: the message broke the rules; the session cannot go on.
        """
        kind = self._gate.admit(request)
        now = self._clock.now()
        match kind:
            case "audio":
                await self._inlet.take(request.audio.data, request.audio.starts_at, now)
            case "text":
                self._observe(Typed(self._lane.now(now), request.text.text.strip()))
            case "interrupt":
                self._observe(Pressed(self._lane.now(now)))
            case "playout":
                self._answers.report(request.playout.played)
            case "correction":
                self._corrector.take(request.correction.turn, request.correction.text)
            case "video":
                self.eyes.take(request.video, now)
            case "hang_up":
                self.end(agent_pb2.END_REASON_HANG_UP)

    def _heard_hop(self, hop: Judged) -> None:
        self._observe(Voice(hop.end, hop.voice, hop.echo))
        self._witness.hop(hop)

    def tell(self, error: TalkoverError) -> None:
        """Let the caller know what went wrong; the call goes on."""
        self.outbox.put(wire.problem(self._clock.now(), error))

    # The machine

    def _observe(self, observation: Observation) -> None:
        self._book.observe(observation)
        for command in self._machine.step(observation):
            self._obey(command)

    def _obey(self, command: Command) -> None:  # noqa: C901, PLR0912 - one case a command
        match command:
            case Tell():
                if command.change is Change.CALLER_STARTED:
                    self._leases.begin(command.turn)
                    self.eyes.wake()
                self._last_word = self._clock.now()
                self._book.tell(command)
                self.outbox.put(wire.turn_event(command))
            case Listen():
                parts = self._leases.of(command.turn)
                if command.purpose is Purpose.CANDIDATE:
                    self._answers.warm(parts)
                self._ears.listen(command, parts)
            case Think():
                self._thought = command
                self._answers.prepare(command, self._leases.of(command.turn))
            case Release():
                self._end_turn()
            case Aside():
                self._keep_aside(command)
            case Nod(turn):
                self._answers.nod(self._leases.of(turn))
            case Cancel(turn):
                if self._answers.cancel():
                    self._book.cancelled(turn)
            case Duck():
                self._agent.duck(on=True)
            case Unduck():
                self._agent.duck(on=False)
            case Stop():
                self._answers.stop()
            case Resume():
                self._answers.resume()
            case Discard():
                self._answers.discard()

    def _end_turn(self) -> None:
        """The caller's turn is over: its words are final, and the answer may be heard."""
        thought, now = self._thought, self._clock.now()
        if thought is None:
            return
        segments = self._ears.settle(thought.listens)
        bundle_id = self._leases.of(thought.turn).bundle_id
        if segments:
            self.outbox.put(
                wire.transcript(
                    now, thought.turn, segments, bundle_id, final=True, talker=Talker.CALLER
                )
            )
        self._book.end_turn(thought, segments, now, bundle_id)
        if segments:
            self._witness.enrol(thought.start, thought.end)
            self._shadow(segments[-1])
        self._answers.release()

    def _keep_aside(self, aside: Aside) -> None:
        """Tell and write down what was said that is no turn: by whom, when, which words."""
        bundle_id = self._leases.of(aside.turn).bundle_id
        segments = self._ears.settle(aside.listens)
        if segments:
            self.outbox.put(
                wire.transcript(
                    self._clock.now(),
                    aside.turn,
                    segments,
                    bundle_id,
                    final=True,
                    talker=aside.talker,
                )
            )
            self._book.aside(aside, segments, bundle_id)

    def _shadow(self, segment: wire.Segment) -> None:
        """Let a candidate hear a stretch of the lane, too."""
        if self._house.shadowing:
            pcm = to_float(self._lane.tape.cut(segment.start, segment.end))
            self._house.shadow(LiveTurn(pcm, self._languages, segment.transcript))

    def _parts_in_use(self) -> Parts:
        """Of the turn under way; after it, of the one that is being answered."""
        turn = self._machine.turn
        return self._leases.of(self._book.answering if turn is None else turn.index)

    def _seer_in_use(self) -> Seer | None:
        parts = self._parts_in_use()
        return parts.seer if parts.brain.senses.pictures else None

    def _lately_said(self) -> str:
        """What the agent said in the last seconds, as far as the caller's lane may echo it."""
        ledger = self._agent.ledger
        return ledger.recent_text(ledger.sent - _LATELY)

    # The lane

    def _send_frame(self, at: int, frame: NDArray[np.int16], position: int) -> None:
        self._far.put(at, frame)
        data = encode(frame, self._opening.audio.encoding)
        self.outbox.put(wire.audio(at, data, position))
        self._answers.sent(at)

    def _watch(self) -> None:
        """Whatever time alone brings about."""
        now = self._clock.now()
        if self._answers.over:
            turn = self._answers.finish()
            self._observe(ReplyOver(self._lane.now(now), turn))
            self._book.close(turn, Outcome.COMPLETED, self._agent.ledger)
        if self._machine.turn is not None and self._lane.stalled(now):
            self._observe(Tick(self._lane.now(now)))
        quiet = self._machine.turn is None and self._answers.idle and not self._lane.pending
        self._inlet.renew(quiet=quiet)
        if quiet and self._leaving:
            self._over.set()
        limits = self._settings.server
        if now > samples(limits.max_minutes * 60):
            self.end(agent_pb2.END_REASON_TOO_LONG)
        elif quiet and now - self._last_word > samples(limits.idle_minutes * 60):
            self.end(agent_pb2.END_REASON_IDLE)

    def _close_books(self) -> None:
        self._book.close_all(self._agent.ledger)
        self._agent.clear()
