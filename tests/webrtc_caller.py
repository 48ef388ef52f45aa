"""A caller over WebRTC for tests: aiortc on the other end, nothing of the server's in it."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from fractions import Fraction

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av.packet import Packet

from talkover.core.audio.opus import OpusEncoder

RATE = 24_000
FRAME = RATE // 50


class Microphone(MediaStreamTrack):
    """Says what it is given, at the pace of speech, and silence after it."""

    kind = "audio"

    def __init__(self, pcm=None):
        super().__init__()
        self._pcm = np.zeros(0, np.int16) if pcm is None else pcm
        self._encoder = OpusEncoder(RATE)
        self._begin = 0.0
        self._frames = 0

    async def recv(self):
        if self.readyState != "live":
            raise asyncio.CancelledError
        self._begin = self._begin or time.monotonic()
        await asyncio.sleep(max(0.0, self._begin + self._frames * 0.02 - time.monotonic()))
        part = self._pcm[self._frames * FRAME : (self._frames + 1) * FRAME]
        packet = Packet(self._encoder.encode(np.pad(part, (0, FRAME - len(part)))))
        packet.pts, packet.time_base = self._frames * 960, Fraction(1, 48_000)
        self._frames += 1
        return packet


class Caller:
    """A call: what came over the data channel, and how to say something on it."""

    def __init__(self, connection, channel):
        self.connection = connection
        self.channel = channel
        self.events = []
        self._news = asyncio.Event()
        channel.on("message", self._on_message)

    def _on_message(self, message):
        self.events.append(json.loads(message))
        self._news.set()

    def say(self, **message):
        self.channel.send(json.dumps(message))

    def named(self, name):
        return [event[name] for event in self.events if name in event]

    async def until(self, reached, seconds=30.0):
        """Wait until ``reached()`` is true; it is asked after each event."""
        async with asyncio.timeout(seconds):
            while not reached():
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def webrtc_call(url, pcm=None, video=None, **start) -> AsyncIterator[Caller]:
    """Call the server whose page is at ``url``; the session has started when the block begins.

    ``video`` is a track, shown as a camera.
    """
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    channel = connection.createDataChannel("events")
    connection.addTrack(Microphone(pcm))
    if video is not None:
        connection.addTrack(video)
    caller = Caller(connection, channel)
    opened = asyncio.Event()
    channel.on("open", opened.set)
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        await connection.setLocalDescription(await connection.createOffer())
        answer = await http.post(
            "/whip",
            content=connection.localDescription.sdp,
            headers={"Content-Type": "application/sdp"},
        )
        assert answer.status_code == 201, answer.text
        try:
            await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            async with asyncio.timeout(20):
                await opened.wait()
            caller.say(start=start)
            await caller.until(lambda: caller.named("started") or caller.named("ended"))
            yield caller
        finally:
            await http.delete(answer.headers["Location"])
            await connection.close()
