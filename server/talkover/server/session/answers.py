"""The agent's side of a session: a reply is prepared, said, ducked, stopped, resumed or dropped."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from talkover.core.audio import AudioFormat
from talkover.core.clock import FRAME
from talkover.core.errors import TalkoverError
from talkover.core.records import Outcome
from talkover.core.settings import BrainSettings
from talkover.server.parts import Parts
from talkover.server.session import wire
from talkover.server.session.agentlane import AgentLane
from talkover.server.session.asking import Asked, Asking
from talkover.server.session.mediaclock import MediaClock
from talkover.server.session.outbox import Outbox
from talkover.server.session.reply import Milestones, ReplyPlan, speak_reply
from talkover.server.session.turnbook import TurnBook
from talkover.server.spawning import Spawn
from talkover.server.thinking import History, Message, build_messages
from talkover.server.turns import LaneWord, Observation, ReplyAudible, Think

_NOD: Final = "Mm-hm."
_REPORT_WAIT: Final = 0.3  # seconds a caller has to say what was heard of a reply that was cut


class Answers:
    """Carries out what the machine commands of the agent.

    Args:
        conversation: Names the conversation to the brain, for reuse of its cache.
        form: Of the audio on the wire.
        voice_rate: Of the voice (Hz).
        instructions: Of the conversation; the settings' own if it has none.
        brain: Settings.
        reports_playout: The caller says what was played out.
        clock: The session's time.
        book: Where turns are kept.
        asking: Finds what a turn is about.
        outbox: Where events go.
        spawn: Starts a task that the session owns.
        observe: Told what the machine must know.
        tell: Told of an error that the caller should know of.
        on_reply: Told, when a reply becomes audible, where its time went.
    """

    def __init__(
        self,
        conversation: str,
        form: AudioFormat,
        voice_rate: int,
        *,
        instructions: str,
        brain: BrainSettings,
        reports_playout: bool,
        clock: MediaClock,
        book: TurnBook,
        asking: Asking,
        outbox: Outbox,
        spawn: Spawn,
        observe: Callable[[Observation], None],
        tell: Callable[[TalkoverError], None],
        on_reply: Callable[[Mapping[str, float]], None],
    ) -> None:
        self.lane = AgentLane(form, voice_rate)
        self.stir: Callable[[], None] = lambda: None
        self._conversation = conversation
        self._history = History()
        self._instructions = instructions or brain.instructions
        self._brain = brain
        self._reports_playout = reports_playout
        self._clock = clock
        self._book = book
        self._asking = asking
        self._asked: Asked | None = None
        self._outbox = outbox
        self._spawn = spawn
        self._observe = observe
        self._tell = tell
        self._on_reply = on_reply
        self._reply: asyncio.Task[None] | None = None
        self._released = False
        self._audible = False
        self._words = 0  # of the reply that were announced
        self._unsaid: list[LaneWord] = []  # of a reply that is not released
        self._marks = Milestones()
        self._reported = asyncio.Event()  # a playout report came
        self._truncating: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """No reply is being prepared or said."""
        return self._reply is None

    @property
    def over(self) -> bool:
        """The reply was said to its end."""
        done = self._reply is not None and self._reply.done()
        return done and self._released and not self.lane.held and self.lane.drained

    def report(self, played: int) -> None:
        """The caller says how much of the lane was played out."""
        self.lane.ledger.report(played)
        self._reported.set()

    # Before it is heard

    def messages(self, parts: Parts) -> Sequence[Message]:
        """What the brain is asked with."""
        return build_messages(
            self._history, instructions=self._instructions, budget=parts.brain.budget
        )

    def warm(self, parts: Parts) -> None:
        """Let the brain read what it will be asked after, while the caller still speaks."""

        async def warm() -> None:
            with contextlib.suppress(TalkoverError):  # it only would have saved time
                scene = await self._asking.ahead(parts)
                await parts.brain.warm(self._conversation, self.messages(parts), scene)

        self._spawn(warm(), "warm")

    def prepare(self, command: Think, parts: Parts) -> None:
        """Think of an answer and synthesise it, unheard."""
        self._settle_truncation()
        self._history.add_caller(command.text)
        self.lane.begin(parts.voice.rate)
        self._marks = Milestones()
        self._released = self._audible = False
        self._words, self._unsaid = 0, []
        self._asked = asked = self._asking.begin(command, parts)
        self._reply = self._spawn(self._answer(command.turn, asked, parts), f"reply-{command.turn}")

    def release(self) -> None:
        """The caller's turn is over: let the answer be heard."""
        self._released = True
        self.lane.release()
        if self._asked is not None and self._asked.view is not None:
            now = self._clock.now()
            self._outbox.put(wire.glance(now, self._book.answering, self._asked.view))
        self._announce(self._unsaid)
        self._unsaid = []
        self.stir()

    def cancel(self) -> bool:
        """Drop an answer of which nothing was heard. True if it had been released."""
        self._drop()
        self._history.withdraw()
        return self._released

    async def _answer(self, turn: int, asked: Asked, parts: Parts) -> None:
        plan = ReplyPlan(
            turn=turn,
            conversation=self._conversation,
            messages=self.messages(parts),
            max_tokens=self._brain.max_tokens,
            temperature=self._brain.temperature,
            scene=await self._asking.scene(asked, parts),
        )
        try:
            await speak_reply(
                plan,
                parts.brain,
                parts.voice,
                self.lane,
                now=self._clock.now,
                marks=self._marks,
                on_words=self._on_words,
            )
        except TalkoverError as error:
            self.lane.finish()
            self._tell(error)
            self._book.fail(turn, error)
        self.stir()

    def _on_words(self, placed: Sequence[LaneWord]) -> None:
        if self.lane.held:  # nobody knows yet when they will be heard
            self._unsaid += placed
        else:
            self._announce(placed)
        self.stir()

    def _announce(self, placed: Sequence[LaneWord]) -> None:
        """Tell which words come, and when, if nothing stops them."""
        if placed:
            now = self._clock.now()
            ahead = now + FRAME - self.lane.ledger.sent
            turn = self._book.answering
            self._outbox.put(wire.agent_text(now, turn, placed, ahead, first=self._words))
            self._words += len(placed)

    def nod(self, parts: Parts) -> None:
        """Hum that you listen; a reply that begins meanwhile takes its place."""

        async def hum() -> None:
            async for piece in parts.voice.say(_NOD):
                if self._reply is None:
                    self.lane.hum(piece.pcm, parts.voice.rate)
                    self.stir()

        self._spawn(hum(), "nod")

    # While it is heard

    def sent(self, at: int) -> None:
        """A frame of the reply left."""
        if self._audible or self._reply is None:
            return
        self._audible = True
        turn = self._book.answering
        self._observe(ReplyAudible(at, turn))
        stages = self._book.became_audible(turn, self._marks, at)
        self._on_reply(stages)
        self._outbox.put(wire.timings(at, turn, stages))

    def stop(self) -> None:
        """Yield: fall silent, and keep what was not said."""
        self._reported.clear()
        self.lane.stop()

    def resume(self) -> None:
        """Go on at the first word that was not heard."""
        moved, first = self.lane.resume()
        self._words, self._unsaid = first, []
        self._announce(moved)
        self.stir()

    def discard(self) -> None:
        """The agent has yielded for good: history keeps what was heard."""
        self._drop()
        turn = self._book.answering
        self._truncating = self._spawn(self._truncate(turn), "truncate")

    def finish(self) -> int:
        """The reply is over. The turn that it answered."""
        self._reply = None
        self._history.add_agent(self.lane.ledger.said_text(), cut=False)
        return self._book.answering

    def _drop(self) -> None:
        if self._reply is not None:
            self._reply.cancel()
            self._reply = None
        self.lane.clear()

    async def _truncate(self, turn: int) -> None:
        if self._reports_playout:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_REPORT_WAIT):
                    await self._reported.wait()
        self._finish_truncation(turn)

    def _settle_truncation(self) -> None:
        """A new reply begins: what was heard of the last one is settled now, report or not."""
        if self._truncating is not None and not self._truncating.done():
            self._truncating.cancel()
            self._finish_truncation(self._book.answering)

    def _finish_truncation(self, turn: int) -> None:
        ledger = self.lane.ledger
        heard = ledger.heard_text()
        self._history.add_agent(heard, cut=True)
        self._outbox.put(wire.truncation(self._clock.now(), turn, heard, ledger.played))
        self._book.close(turn, Outcome.INTERRUPTED, ledger)
