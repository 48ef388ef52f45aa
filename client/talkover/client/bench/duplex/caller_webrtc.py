"""One scripted call over WebRTC, as a browser makes it, on the same terms as ``caller``.

Both lanes go through Opus, whose encoder looks 6.5 ms ahead: what the server hears comes that much
later than in the recording. Packets of the agent wait in the same playout buffer of 40 ms.
"""

import asyncio
import contextlib
import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client._events import Turn, TurnKind
from talkover.client._rtc import RtpArrival, media_ticks, opus_packets
from talkover.client.bench.duplex.caller import Lanes, place_words, to_recording
from talkover.client.bench.duplex.director import Director
from talkover.client.bench.duplex.script import CallPlan
from talkover.client.bench.duplex.stories import instructions
from talkover.client.bench.duplex.types import CallRecording
from talkover.client.player import Player
from talkover.client.webrtc import WebRtcCall, webrtc_call
from talkover.core.audio.opus import OpusDecoder, OpusEncoder
from talkover.core.clock import FRAME, RATE
from talkover.core.errors import AudioError, CallError

_SILENCE: Final = opus_packets(np.zeros(24_000 // 50, np.int16))[0]
_FRAME_SECONDS: Final = FRAME / RATE


class _Line:
    """Microphone and loudspeaker: driven by the microphone's clock, 20 ms at a time."""

    def __init__(self, director: Director) -> None:
        self.lanes = Lanes()
        self.player = Player()
        self.done = asyncio.Event()
        self.call: WebRtcCall | None = None
        self._director = director
        self._encoder = OpusEncoder(RATE)
        self._decoder = OpusDecoder(RATE)
        self._played: NDArray[np.int16] = np.zeros(FRAME, np.int16)

    def source(self, late: float) -> bytes:
        """The microphone's last 20 ms; silence before the call is up and after the script."""
        if self.call is None or self.done.is_set():
            return _SILENCE
        lanes = self.lanes
        lanes.began = lanes.began or time.monotonic() - late - _FRAME_SECONDS
        lanes.late.append(late)
        spoken = self._director.frame()
        if spoken is None:
            self.done.set()
            return _SILENCE
        lanes.add(spoken, self._played)
        if spoken.typed is not None:
            with contextlib.suppress(CallError):  # it is over: whoever waits for it learns why
                self.call.send_text(spoken.typed)
        self._played = self.player.play()
        self._director.hear(self._played)
        return self._encoder.encode(spoken.sent)

    def take(self, packet: RtpArrival) -> None:
        """A packet of the agent's."""
        if self.call is None:
            return
        with contextlib.suppress(AudioError):  # what cannot be decoded is silence
            at = media_ticks(packet.timestamp, self.call.rtp_origin)
            pcm = self._decoder.decode(packet.payload)
            self.player.push(pcm, lane_position=at, starts_at=at)

    def close(self) -> None:
        """Free the coders."""
        self._encoder.close()
        self._decoder.close()


async def place_webrtc_call(page: str, token: str | None, plan: CallPlan) -> CallRecording:
    """Place a call over WebRTC and record it.

    Args:
        page: URL of the server's page.
        token: Its bearer token, where it wants one.
        plan: What happens.

    Raises:
        CallError: the call did not come about, or broke.
    """
    director = Director(plan)
    line = _Line(director)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(line.close)
        call = await stack.enter_async_context(
            webrtc_call(
                page,
                token=token,
                languages=plan.languages,
                instructions=instructions(plan.style, plan.seed),
                record=False,
                source=line.source,
                on_packet=line.take,
            )
        )
        line.call = call
        listening = asyncio.create_task(_listen(call, line, director))
        listening.add_done_callback(lambda _: line.done.set())
        await line.done.wait()
        if listening.done():
            listening.result()  # raises what ended the call
            raise CallError("the server ended the call; see its log")
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        line.call = None
    # The lane position of a packet is its media time here, so spans join the two at once.
    heard = [(span.lane_position, span.heard_at) for span in line.player.spans]
    words = place_words(call.events, heard)
    return to_recording(plan, "webrtc", line.lanes, director, call.events, words, line.player)


async def _listen(call: WebRtcCall, line: _Line, director: Director) -> None:
    async for event in call:
        if isinstance(event, Turn) and event.kind is TurnKind.AGENT_STARTED:
            director.reply_begins()
        elif isinstance(event, Turn) and event.kind is TurnKind.BARGE_IN:
            line.player.flush()
