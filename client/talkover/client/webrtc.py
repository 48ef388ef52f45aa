"""A call as a browser makes it: WHIP, Opus over RTP, events over a data channel.

For benches and tests; people have the page. It needs ``pip install 'talkover[server]'``, so nothing
else of the client imports it. Nothing is decoded while a call goes on: packets are stamped as they
come, and ``WebRtcCall.agent_pcm`` decodes them afterwards.
"""

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Self

import numpy as np
from google.protobuf import json_format

from talkover.client import _channel, _wire
from talkover.client._events import Ended, EndReason, Event, Problem, Started
from talkover.client._rtc import (
    RATE,
    RTP_CLOCK,
    Microphone,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
    RtpArrival,
    Samples,
    Source,
    aiohttp,
    media_ticks,
    opus_packets,
)
from talkover.core.audio import Encoding
from talkover.core.audio.opus import OpusDecoder, OpusEncoder
from talkover.core.errors import AudioError, CallError, ConfigError
from talkover.v1 import agent_pb2

__all__ = [
    "RATE",
    "RTP_CLOCK",
    "RtpArrival",
    "Source",
    "WebRtcCall",
    "media_ticks",
    "opus_packets",
    "webrtc_call",
]

_AHEAD: Final = 50  # packets that may wait to be said: a second
_EVENTS: Final = 100_000
_GOODBYE: Final = 2.0  # seconds until the server must have confirmed a hang-up


class WebRtcCall:
    """A live call over WebRTC; ``webrtc_call`` makes one.

    Iterate over it, in one task, for what happens; ``AgentAudio`` is not among it, since the
    agent's voice comes over RTP: see ``packets``. The iteration ends and raises as that of ``Call``
    does.

    Attributes:
        events: All that has happened, at most 100,000 events: then the call is given up.
        packets: Of the agent's track, as they arrived; only with ``record``.
        rtp_origin: RTP timestamp of media time 0 on the agent's track.
        resource: Where the call can be deleted: an absolute URL.
    """

    def __init__(self, source: Source | None, on_packet: Callable[[RtpArrival], None]) -> None:
        self.events: list[Event] = []
        self.packets: list[RtpArrival] = []
        self.rtp_origin = 0
        self.resource = ""
        self._on_packet = on_packet
        self._waiting: deque[bytes] = deque()  # packets to be said
        self._moved = asyncio.Event()  # one of them left
        self._encoder = OpusEncoder(RATE)
        self._silence = itertools.cycle(opus_packets(np.zeros(RATE, np.int16)))
        self._happened = asyncio.Event()
        self._read = 0  # events that the iteration has given
        self._error: CallError | None = None
        self._over = False
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._channel: RTCDataChannel = self._peer.createDataChannel("events")
        self._channel.on("message", self._on_message)
        self._channel.on("close", lambda: self._end("LOST", "the channel closed; call again"))
        self._peer.on("connectionstatechange", self._on_state)
        sender = self._peer.addTrack(Microphone(source or self._say))
        for transceiver in self._peer.getTransceivers():
            if transceiver.sender is sender:
                # Before aiortc's own jitter buffer and decoder, which would take a thread's time.
                receiver: Any = transceiver.receiver
                receiver._handle_rtp_packet = self._on_rtp  # noqa: SLF001

    @property
    def session_id(self) -> str:
        """The server's name for this session."""
        return next(e.session_id for e in self.events if isinstance(e, Started))

    @property
    def over(self) -> bool:
        """The session has ended, one way or another."""
        return self._over

    # What the caller does

    async def send_audio(self, pcm: Samples) -> None:
        """Say something. Waits while more than a second of it waits to be said.

        Args:
            pcm: int16 [samples], mono at 24 kHz; filled up to whole frames of 20 ms.

        Raises:
            CallError: the call is over.
        """
        await self.send_packets(opus_packets(pcm, self._encoder))

    async def send_packets(self, packets: Sequence[bytes]) -> None:
        """Say what is encoded already: payloads of 20 ms each. As ``send_audio``."""
        for packet in packets:
            while len(self._waiting) >= _AHEAD:
                await self._until_moved()
            self._waiting.append(packet)

    async def spoken(self) -> None:
        """Wait until all that was to be said has been said."""
        while self._waiting:
            await self._until_moved()

    def send_text(self, text: str) -> None:
        """Type a turn, of at most 2,000 characters, instead of speaking it."""
        self.send(agent_pb2.ConverseRequest(text=agent_pb2.TextInput(text=text)))

    def report_playout(self, played: int) -> None:
        """Say how much of the agent lane has come out of the loudspeaker (ticks)."""
        self.send(agent_pb2.ConverseRequest(playout=agent_pb2.PlayoutReport(played=played)))

    def interrupt(self) -> None:
        """Stop the agent now: a button, not a voice."""
        self.send(agent_pb2.ConverseRequest(interrupt=agent_pb2.Interrupt()))

    def hang_up(self) -> None:
        """End the call. Iterate on to see its ``Ended``."""
        self.send(agent_pb2.ConverseRequest(hang_up=agent_pb2.HangUp()))

    def send(self, request: agent_pb2.ConverseRequest) -> None:
        """Send any message but audio and video, which go over RTP."""
        self.send_raw(json_format.MessageToJson(request, indent=None))

    def send_raw(self, message: str | bytes) -> None:
        """Send whatever this is.

        Raises:
            CallError: the call is over.
        """
        if self._over or self._channel.readyState != "open":
            raise self._error or _channel.failure("OVER", "the call has ended; call again")
        self._channel.send(message)

    # What the agent does

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while self._read >= len(self.events):
            if self._over:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._happened.clear()
            await self._happened.wait()
        self._read += 1
        return self.events[self._read - 1]

    def media_time(self, packet: RtpArrival) -> int:
        """Where a packet lies on the media clock (ticks)."""
        return media_ticks(packet.timestamp, self.rtp_origin)

    def agent_pcm(self) -> Samples:
        """What the agent said, int16 [samples] at 24 kHz from media time 0, silence between.

        A packet that cannot be decoded is silence. Only with ``record``.
        """
        lane: list[Samples] = []
        end = 0
        with OpusDecoder(RATE) as decoder:
            for packet in self.packets:
                with contextlib.suppress(AudioError):
                    pcm = decoder.decode(packet.payload)
                    begin = self.media_time(packet) * RATE // 16_000
                    if begin >= end:
                        lane += [np.zeros(begin - end, np.int16), pcm]
                        end = begin + len(pcm)
        return np.concatenate(lane) if lane else np.zeros(0, np.int16)

    # From the network

    def _say(self, late: float) -> bytes:
        del late
        if not self._waiting:
            return next(self._silence)
        self._moved.set()
        return self._waiting.popleft()

    async def _until_moved(self) -> None:
        if self._over:
            raise self._error or _channel.failure("OVER", "the call has ended; call again")
        self._moved.clear()
        await self._moved.wait()

    async def _on_rtp(self, packet: Any, arrival_time_ms: int) -> None:
        del arrival_time_ms
        self._on_packet(RtpArrival(packet.timestamp, packet.payload, time.monotonic()))

    def _on_message(self, message: str | bytes) -> None:
        response = agent_pb2.ConverseResponse()
        try:
            json_format.Parse(message, response, ignore_unknown_fields=True)
            event = _wire.event_from_wire(response, Encoding.PCM16)
        except (json_format.ParseError, ConfigError, AudioError) as error:
            self._end("PROTOCOL", f"an event that cannot be read ({type(error).__name__})")
            return
        if isinstance(event, Started):
            self.rtp_origin = response.started.rtp_origin
        if event is not None:
            self.events.append(event)
        if isinstance(event, Ended):
            self._ended(event)
        elif len(self.events) >= _EVENTS:
            self._end("BUSY", "too many events; this call is too long")
        self._happened.set()

    async def _on_state(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._end("LOST", "the connection broke and the session with it; call again")

    def _ended(self, ended: Ended) -> None:
        problem = next((e for e in reversed(self.events) if isinstance(e, Problem)), None)
        if ended.reason is EndReason.ERROR and problem is not None:
            self._end(problem.code, problem.message)
        else:
            self._over = True
            self._moved.set()

    def _end(self, code: str, message: str) -> None:
        if not self._over:
            self._over = True
            self._error = _channel.failure(code, message)
        self._happened.set()
        self._moved.set()

    # Its beginning and its end

    async def _open(
        self, http: aiohttp.ClientSession, page: str, start: agent_pb2.SessionStart
    ) -> None:
        await self._peer.setLocalDescription(await self._peer.createOffer())
        offer = self._peer.localDescription.sdp
        try:
            async with http.post(
                f"{page}/whip", data=offer, headers={"Content-Type": "application/sdp"}
            ) as answer:
                if answer.status != 201:
                    raise await _refusal(answer)
                self.resource = page + answer.headers["Location"]
                sdp = await answer.text()
        except aiohttp.ClientConnectionError:
            raise _channel.failure(
                "UNREACHABLE", f"no server answers at {page}; start one (talkover serve)"
            ) from None
        opened = asyncio.Event()
        self._channel.on("open", opened.set)
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await opened.wait()
        self.send(agent_pb2.ConverseRequest(start=start))
        while not self.events and not self._over:
            self._happened.clear()
            await self._happened.wait()
        if not any(isinstance(event, Started) for event in self.events):
            problem = next((e for e in self.events if isinstance(e, Problem)), None)
            if problem is not None:
                raise _channel.failure(problem.code, problem.message)
            raise self._error or _channel.failure("PROTOCOL", "the server opened no session")

    async def _close(self, http: aiohttp.ClientSession, *, politely: bool) -> None:
        try:
            if politely and not self._over:
                with contextlib.suppress(TimeoutError, CallError):
                    async with asyncio.timeout(_GOODBYE):
                        self.hang_up()
                        async for _ in self:
                            pass
            if self.resource:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with http.delete(self.resource, timeout=aiohttp.ClientTimeout(_GOODBYE)):
                        pass
        finally:
            self._end("OVER", "you hung up; connect again to go on")
            await self._peer.close()
            self._encoder.close()


async def _refusal(answer: aiohttp.ClientResponse) -> CallError:
    try:
        told = await answer.json()
        return _channel.failure(str(told["code"]), str(told["message"]))
    except (aiohttp.ContentTypeError, ValueError, KeyError, TypeError):
        return _channel.failure("PROTOCOL", f"the server answered {answer.status}; see its log")


@contextlib.asynccontextmanager
async def webrtc_call(
    page_url: str,
    *,
    token: str | None = None,
    languages: Sequence[str] = (),
    instructions: str = "",
    consent: bool = False,
    caller_id: str = "",
    reports_playout: bool = False,
    record: bool = True,
    source: Source | None = None,
    on_packet: Callable[[RtpArrival], None] = lambda _: None,
    timeout: float = 15.0,  # noqa: ASYNC109 - bounds the opening, not the block
) -> AsyncIterator[WebRtcCall]:
    """Call the agent as a browser does; the call is hung up when the block is left.

    Args:
        page_url: Of the page, such as ``http://127.0.0.1:8641``.
        token: As for ``connect``, and so are those up to ``reports_playout``.
        languages: What the caller may speak.
        instructions: How the agent should behave.
        consent: Words and audio of this call may be kept and learned from.
        caller_id: Names the caller across calls.
        reports_playout: You will call ``report_playout``.
        record: Keep the agent's packets.
        source: The microphone, instead of ``send_audio``.
        on_packet: Told of each packet of the agent's.
        timeout: Seconds until the session must have opened.

    Yields:
        The call. Its first event is ``Started``.

    Raises:
        CallError: no session opened; ``code`` and message say why.
    """
    start = agent_pb2.SessionStart(
        languages=list(languages),
        instructions=instructions,
        consent_to_record=consent,
        reports_playout=reports_playout,
        caller_id=caller_id,
    )
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def arrived(packet: RtpArrival) -> None:
        if record:
            call.packets.append(packet)
        on_packet(packet)

    async with aiohttp.ClientSession(headers=headers) as http:
        call = WebRtcCall(source, arrived)
        politely = False
        try:
            try:
                async with asyncio.timeout(timeout):
                    await call._open(http, page_url.rstrip("/"), start)  # noqa: SLF001
            except TimeoutError:
                raise _channel.failure(
                    "TIMEOUT",
                    f"no session within {timeout:g} s; a firewall may keep UDP from the server",
                ) from None
            yield call
            politely = True
        finally:
            await call._close(http, politely=politely)  # noqa: SLF001 - the other half of its making
