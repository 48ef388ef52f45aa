"""One browser: a peer connection, and the session behind it."""

import asyncio
import contextlib
import secrets
import time
from typing import Any, Final

import structlog
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.sdp import candidate_from_sdp

from talkover.core.audio import Samples
from talkover.core.clock import RATE as CLOCK
from talkover.core.errors import BusyError, ProtocolError, TalkoverError
from talkover.server.hall import Hall, Place
from talkover.server.session import Gate, Session, wire
from talkover.server.transports.webrtc import seam
from talkover.server.transports.webrtc.inbound import Inbound
from talkover.server.transports.webrtc.messages import RATE, opening, read_message, write_message
from talkover.server.transports.webrtc.offer import Offer, check_candidate
from talkover.server.transports.webrtc.outbound import AgentTrack
from talkover.server.transports.webrtc.pictures import Watcher
from talkover.v1 import agent_pb2, media_pb2

_OPENING: Final = 15.0  # seconds from the answer to the start message
_SILENT: Final = 2.0  # seconds without a packet after which the caller is told
_GONE: Final = 15.0  # … and after which nobody is there
_CLOSING: Final = 5.0
_UNREAD: Final = 1 << 20  # bytes of events that may wait for a caller who does not take them
_MESSAGES: Final = 64
_TRICKLED: Final = 64

log = structlog.get_logger()


class Peer:
    """A call over WebRTC.

    Args:
        hall: Where sessions live.
        place: Held for this caller until the session begins.
        ice_servers: STUN and TURN servers; usually none.
        private_candidates: Whether addresses of private networks may be tried.
    """

    def __init__(
        self, hall: Hall, place: Place, ice_servers: tuple[str, ...], *, private_candidates: bool
    ) -> None:
        self.id = secrets.token_urlsafe(18)
        self._hall = hall
        self._place = place
        self._private = private_candidates
        servers = [RTCIceServer(urls=url) for url in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._track = AgentTrack(RATE)
        self._inbound = Inbound()
        self._arrived = asyncio.Event()
        self._last_packet = time.monotonic()
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue(_MESSAGES)
        self._flooded = False
        self._channel: asyncio.Future[RTCDataChannel] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._trickled = 0
        self._ahead = 0  # pieces of audio that came too early to be true
        self._sender: Any = None
        self._watchers: list[Watcher] = []

    # Signalling

    async def answer(self, offer: Offer) -> str:
        """Take the offer, and give the answer with all of the server's candidates.

        Raises:
            ProtocolError: the media stack refuses the offer.
        """
        connection = self._connection
        connection.on("datachannel", self._on_channel)
        connection.on("connectionstatechange", self._on_state)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            self._sender = connection.addTrack(self._track)
            for transceiver in connection.getTransceivers():
                if transceiver.kind == "audio":
                    seam.take_packets(transceiver.receiver, self._on_packet)
                else:
                    arrivals = seam.Arrivals(transceiver.receiver)
                    self._watchers.append(
                        Watcher(transceiver.receiver.track, arrivals, screen=bool(self._watchers))
                    )
            await connection.setLocalDescription(await connection.createAnswer())
        except Exception as error:  # its parser raises whatever it trips over
            log.info("webrtc.refused", peer=self.id[:6], error=type(error).__name__)
            raise ProtocolError("the offer cannot be answered; make it with a browser") from error
        return str(connection.localDescription.sdp)

    async def trickle(self, fragment: str) -> None:
        """Take candidates that were found after the offer.

        Raises:
            ProtocolError: there are too many.
        """
        mid = None
        for line in fragment.splitlines():
            if line.startswith("a=mid:"):
                mid = line.removeprefix("a=mid:").strip()
            if not line.startswith("a=candidate:"):
                continue
            self._trickled += 1
            if self._trickled > _TRICKLED:
                raise ProtocolError(f"more than {_TRICKLED} candidates")
            if check_candidate(line, private_candidates=self._private):
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
                candidate.sdpMid = mid or "0"
                with contextlib.suppress(ValueError):  # of a section that there is not
                    await self._connection.addIceCandidate(candidate)

    def hang_up(self) -> None:
        """The caller is done, or gone."""
        self._over.set()

    # Life

    async def run(self) -> None:
        """Live until the call is over; then everything is given back."""
        try:
            if (opened := await self._opened()) is None:
                log.info("webrtc.no_start", peer=self.id[:6])
            else:
                await self._converse(*opened)
        finally:
            self._place.release()  # if no session took it over
            self._track.stop()
            self._inbound.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await self._connection.close()

    async def _opened(self) -> tuple[RTCDataChannel, str | bytes] | None:
        """The channel and the first message on it; None if they do not come, or a goodbye does."""

        async def begin() -> tuple[RTCDataChannel, str | bytes]:
            return await self._channel, await self._messages.get()

        beginning = asyncio.create_task(begin(), name=f"peer-{self.id[:6]}:begin")
        goodbye = asyncio.create_task(self._over.wait(), name=f"peer-{self.id[:6]}:over")
        try:
            await asyncio.wait(
                (beginning, goodbye), timeout=_OPENING, return_when=asyncio.FIRST_COMPLETED
            )
            return beginning.result() if beginning.done() and not self._over.is_set() else None
        finally:
            beginning.cancel()
            goodbye.cancel()
            await asyncio.gather(beginning, goodbye, return_exceptions=True)

    async def _converse(self, channel: RTCDataChannel, first: str | bytes) -> None:
        gate = Gate()
        try:
            gate.admit(opening(first))
            session = self._hall.admit(gate, "webrtc", self._place)
        except TalkoverError as error:
            log.info("session.refused", code=error.code)
            channel.send(write_message(wire.problem(0, error)))
            channel.send(write_message(wire.ended(0, agent_pb2.END_REASON_ERROR, 0)))
            await asyncio.sleep(0.5)  # closing would throw away what is on its way
            return
        jobs = {
            "run": session.run(),
            "read": self._read(session),
            "hear": self._hear(session),
            "look": self._look(session),
            "watch": self._watch(session),
        }
        tasks = [asyncio.create_task(job, name=f"{session.id}:{n}") for n, job in jobs.items()]
        try:
            await self._write(channel, session)
            await asyncio.sleep(0.2)  # closing would throw away what is on its way
        finally:
            session.end(agent_pb2.END_REASON_HANG_UP)
            running, *others = tasks
            for task in others:
                task.cancel()
            await asyncio.gather(running, *others, return_exceptions=True)
            self._hall.dismiss(session)

    # From the caller

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != "events" or self._channel.done():
            channel.close()
            return
        channel.on("message", self._on_message)
        channel.on("close", self.hang_up)
        self._channel.set_result(channel)

    def _on_message(self, message: str | bytes) -> None:
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            self._flooded = True
            self._arrived.set()

    async def _on_state(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self.hang_up()

    async def _on_packet(self, packet: Any) -> None:
        self._last_packet = time.monotonic()
        self._inbound.push(
            packet.sequence_number, packet.timestamp, packet.payload, self._last_packet
        )
        self._arrived.set()

    async def _read(self, session: Session) -> None:
        """Take messages; what breaks the rules ends the session."""
        try:
            while True:
                message = read_message(await self._messages.get())
                if self._flooded:
                    raise BusyError("messages faster than they can be taken; send fewer")
                await session.take(message)
        except TalkoverError as error:
            session.end(agent_pb2.END_REASON_ERROR, error)

    async def _hear(self, session: Session) -> None:
        """Hand on audio when it is there, or when it has been waited for long enough."""
        try:
            while True:
                self._arrived.clear()
                await self._hand_on(session, self._inbound.pop(time.monotonic()))
                deadline = self._inbound.deadline()
                wait = None if deadline is None else max(0.0, deadline - time.monotonic())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._arrived.wait()
        except TalkoverError as error:
            session.end(agent_pb2.END_REASON_ERROR, error)

    async def _hand_on(self, session: Session, pieces: list[Samples]) -> None:
        """Give audio to the session, without gaps: those of the network are filled already.

        Only where far more time has passed than there is audio (a sender that began anew) may the
        session fill the rest. What runs ahead of the clock is dropped: nobody speaks so fast.
        """
        there = sum(map(len, pieces)) * CLOCK // RATE
        fill = session.lane_end == 0 or session.behind > there + CLOCK
        for pcm in pieces:
            for first in range(0, len(pcm), RATE):
                if session.behind < -CLOCK:
                    self._ahead += 1
                    continue
                chunk = media_pb2.AudioChunk(
                    data=pcm[first : first + RATE].tobytes(),
                    starts_at=0 if fill else session.lane_end,
                )
                await session.take(agent_pb2.ConverseRequest(audio=chunk))
                fill = False

    async def _look(self, session: Session) -> None:
        """Show the session what the caller shows; tracks are drained whether it looks or not."""
        async with asyncio.TaskGroup() as group:
            for watcher in self._watchers:
                group.create_task(watcher.run(session))

    async def _watch(self, session: Session) -> None:
        """Notice when no sound comes, and when nobody is there any more."""
        told = False
        while not self._over.is_set():
            silent = time.monotonic() - self._last_packet
            if silent > _GONE:
                break
            if silent > _SILENT and not told:
                session.tell(ProtocolError("no sound arrives; check the microphone"))
            told = silent > _SILENT
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self._over.wait()
        session.end(agent_pb2.END_REASON_HANG_UP)

    # To the caller

    async def _write(self, channel: RTCDataChannel, session: Session) -> None:
        while (event := await session.outbox.next()) is not None:
            if event.HasField("audio"):
                self._track.say(event.audio.data, event.audio.starts_at)
                continue
            if event.HasField("started"):
                event.started.rtp_origin = await self._rtp_origin()
            if channel.readyState != "open":
                self.hang_up()
                continue
            if channel.bufferedAmount > _UNREAD:
                session.end(agent_pb2.END_REASON_ERROR, BusyError("the events were not read"))
                self.hang_up()
                return
            channel.send(write_message(event))

    async def _rtp_origin(self) -> int:
        """RTP timestamp of media time 0: the sender picks it, so a packet tells."""
        self._track.hush(0)
        for _ in range(50):
            await asyncio.sleep(0.01)
            if (timestamp := seam.last_timestamp(self._sender)) is not None:
                return (timestamp - self._track.last_pts) % (1 << 32)
        return 0
