"""What calls over WebRTC are made of, and the one place that says what they need."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio.opus import OpusEncoder
from talkover.core.errors import ConfigError

try:
    import aiohttp
    from aiortc import (
        RTCConfiguration,
        RTCDataChannel,
        RTCPeerConnection,
        RTCSessionDescription,
    )
    from aiortc.mediastreams import MediaStreamTrack
    from av.packet import Packet
except ImportError as missing:
    raise ConfigError(
        f"calls over WebRTC need {missing.name}; pip install 'talkover[server]'"
    ) from None

__all__ = [
    "RATE",
    "RTP_CLOCK",
    "Microphone",
    "RTCConfiguration",
    "RTCDataChannel",
    "RTCPeerConnection",
    "RTCSessionDescription",
    "RtpArrival",
    "Samples",
    "Source",
    "aiohttp",
    "media_ticks",
    "opus_packets",
]

RATE: Final = 24_000
"""Of the audio that is sent and decoded (Hz)."""
RTP_CLOCK: Final = 48_000
"""RTP ticks a second of Opus, whatever its rate (RFC 7587)."""

_FRAME: Final = RATE // 50
Samples = NDArray[np.int16]
Source = Callable[[float], bytes]
"""Gives the microphone's next 20 ms as an Opus packet; told how many seconds late it is asked."""


@dataclass(frozen=True, slots=True)
class RtpArrival:
    """A packet of the agent's."""

    timestamp: int
    """Of RTP: 32 bits, 48 kHz."""
    payload: bytes
    """Opus."""
    received: float
    """Seconds of ``time.monotonic``."""


def media_ticks(timestamp: int, origin: int) -> int:
    """An RTP timestamp on the media clock (ticks), given that of media time 0."""
    return ((timestamp - origin) % (1 << 32)) // 3


def opus_packets(pcm: Samples, encoder: OpusEncoder | None = None) -> list[bytes]:
    """Audio as Opus packets of 20 ms; the last is filled up with silence.

    Args:
        pcm: int16 [samples] at 24 kHz.
        encoder: Goes on where it was; None: a new one.
    """
    encoder = encoder or OpusEncoder(RATE)
    padded = np.pad(pcm, (0, -len(pcm) % _FRAME))
    return [encoder.encode(frame) for frame in padded.reshape(-1, _FRAME)]


class Microphone(MediaStreamTrack):
    """Packets in real time, by absolute deadlines of the monotonic clock.

    Args:
        source: Gives them.
    """

    kind = "audio"

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._count = 0
        self._began: float | None = None

    async def recv(self) -> Any:
        """What aiortc sends next."""
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        deadline = self._began + self._count * 0.02
        if (delay := deadline - loop.time()) > 0:
            await asyncio.sleep(delay)
        packet = Packet(self._source(max(0.0, loop.time() - deadline)))
        packet.pts = self._count * (RTP_CLOCK // 50)
        packet.time_base = Fraction(1, RTP_CLOCK)
        self._count += 1
        return packet
