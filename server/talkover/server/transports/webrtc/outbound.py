"""The agent's track: frames of the session become Opus packets, sent when they come."""

import asyncio
from fractions import Fraction
from typing import Any, Final

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from talkover.core.audio.opus import OpusEncoder
from talkover.core.clock import RATE

CLOCK: Final = 48_000
"""RTP ticks a second of Opus, whatever it was encoded at."""

_TIME_BASE: Final = Fraction(1, CLOCK)
_DEPTH: Final = 50  # a second; a sender that is so far behind will not catch up


class AgentTrack(MediaStreamTrack):
    """What the caller hears.

    Nothing is sent while the agent is silent: timestamps go on with the media clock, so the
    caller's player knows that nothing is missing. Policy when full: the oldest packet goes.

    Args:
        rate: Of the frames (Hz).
    """

    kind = "audio"

    def __init__(self, rate: int) -> None:
        super().__init__()
        self._encoder = OpusEncoder(rate)
        self._frame = rate // 50
        self._packets: asyncio.Queue[Any] = asyncio.Queue()
        self.dropped = 0
        self.last_pts = 0

    def say(self, pcm: bytes, at: int) -> None:
        """Send a frame.

        Args:
            pcm: 16-bit little-endian, 20 ms.
            at: Where it lies on the media clock.
        """
        packet = Packet(self._encoder.encode(np.frombuffer(pcm, "<i2")))
        packet.pts = at * CLOCK // RATE
        packet.time_base = _TIME_BASE
        if self._packets.qsize() >= _DEPTH:
            self._packets.get_nowait()
            self.dropped += 1
        self._packets.put_nowait(packet)

    def hush(self, at: int) -> None:
        """Send a frame of silence."""
        self.say(bytes(2 * self._frame), at)

    async def recv(self) -> Any:
        """What aiortc sends next."""
        packet = await self._packets.get()
        if packet is None or self.readyState != "live":
            raise MediaStreamError
        self.last_pts = int(packet.pts or 0)
        return packet

    def stop(self) -> None:
        """No more."""
        super().stop()
        self._packets.put_nowait(None)
        self._encoder.close()
