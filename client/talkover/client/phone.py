"""A caller's telephone: joins a call, a voice, a loudspeaker and a recorder on one clock."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from talkover.client._call import Call
from talkover.client._events import AgentAudio, Event, Turn, TurnKind
from talkover.client.floor import Floor
from talkover.client.player import Player
from talkover.client.record import Recorder
from talkover.client.script import Script
from talkover.core.clock import FRAME, RATE
from talkover.core.errors import CallError

Samples = NDArray[np.int16]

_REPORT_EVERY: Final = 5  # frames: a playout report each 100 ms
_GOODBYE: Final = 5.0  # seconds until the server must have confirmed a hang-up
_LATE: Final = 3_600 * 50
_FRAME_SECONDS: Final = FRAME / RATE


class Voice(Protocol):
    """Where the caller's sound comes from and the agent's goes to; its clock drives the call."""

    async def frame(self, floor: Floor) -> Samples | None:
        """Wait for the end of the next 20 ms and return what was said in them; None: hang up."""

    def play(self, frame: Samples) -> None:
        """Let the next 20 ms of the agent sound."""


class Scripted:
    """A voice that follows a script in real time, by absolute deadlines of the monotonic clock.

    Attributes:
        late: How many seconds after its deadline each frame was sent, at most the last hour's:
            what this process, not the server, adds to every measure.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.late: deque[float] = deque(maxlen=_LATE)
        self._deadline: float | None = None

    async def frame(self, floor: Floor) -> Samples | None:
        """The script's next frame, once its 20 ms are over."""
        loop = asyncio.get_running_loop()
        self._deadline = (self._deadline or loop.time()) + _FRAME_SECONDS
        delay = self._deadline - loop.time()
        if delay > 0:
            await asyncio.sleep(delay)
        self.late.append(max(0.0, loop.time() - self._deadline))
        return self.script.frame(floor)

    def play(self, frame: Samples) -> None:
        """Nobody listens: the recording has it."""


class Phone:
    """Talks through a call until the voice hangs up or the session ends.

    The recording's left channel has what was sent and its right channel what came out of the
    loudspeaker in the same 20 ms. A frame is sent when its 20 ms are over, as from a microphone.

    Args:
        call: Opened with ``reports_playout``.
        voice: Of the caller.
        recorder: Takes both channels; None: no recording.
        observers: Are told of each event, as it comes.
    """

    def __init__(
        self,
        call: Call,
        voice: Voice,
        *,
        recorder: Recorder | None = None,
        observers: Sequence[Callable[[Event], None]] = (),
    ) -> None:
        self.player = Player(call.audio.rate)
        self.floor = Floor()
        self._call = call
        self._voice = voice
        self._recorder = recorder
        self._observers = observers
        self._stopped = False
        self._reported = 0

    def stop(self) -> None:
        """Hang up after the frame under way."""
        self._stopped = True

    async def talk(self) -> None:
        """Until it is over.

        Raises:
            CallError: the session ended against the caller's will.
        """
        listening = asyncio.create_task(self._listen(), name="talkover-phone-listen")
        listening.add_done_callback(lambda _: self.stop())
        try:
            await self._speak()
            async with asyncio.timeout(_GOODBYE):
                await listening
        except TimeoutError:
            raise CallError("the server does not confirm the hang-up; see its log") from None
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _speak(self) -> None:
        sounding = self._sound()  # while the caller's first frame is spoken
        count = 0
        try:
            while (frame := await self._voice.frame(self.floor)) is not None:
                if self._recorder is not None:
                    self._recorder.write(frame, sounding)
                if self._stopped:
                    break
                await self._call.send_audio(frame)
                sounding = self._sound()
                count += 1
                if not count % _REPORT_EVERY or not self.player.waiting:
                    await self._report()
            await self._call.hang_up()
        except CallError:
            if not self._call.over:
                raise
            # The listening side has the reason, after everything that came before it.

    def _sound(self) -> Samples:
        """Let the next 20 ms out of the loudspeaker."""
        before = self.player.waiting
        sounding = self.player.play()
        after = self.player.waiting
        self._voice.play(sounding)
        self.floor.tick(came_out=after < before, waiting=after)
        return sounding

    async def _report(self) -> None:
        if self.player.played > self._reported:
            self._reported = self.player.played
            await self._call.report_playout(self._reported)

    async def _listen(self) -> None:
        async for event in self._call:
            if isinstance(event, AgentAudio):
                self.player.push(
                    event.pcm, lane_position=event.lane_position, starts_at=event.starts_at
                )
            self.floor.event(event)
            for observer in self._observers:
                observer(event)
            if isinstance(event, Turn) and event.kind is TurnKind.DUCKED:
                self.player.duck()
            if isinstance(event, Turn) and event.kind is TurnKind.BARGE_IN:
                self.player.flush()
                self._reported = self.player.played
                with contextlib.suppress(CallError):  # it is over: iterating on tells why
                    await self._call.report_playout(self._reported)
