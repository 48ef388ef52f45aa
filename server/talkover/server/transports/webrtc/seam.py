"""Where we reach into aiortc, all in one place: its receive side and some of its numbers.

aiortc 1.16 keeps a late packet's delay for the rest of a call and conceals nothing, so packets are
taken before they reach its jitter buffer. Its receiver still answers with RTCP reports: browsers
add in-band error correction only when they are told of losses. And it decodes a picture of a video
only when a packet of the next one is there, so when its own came is kept here.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiortc.rtcrtpreceiver import StreamStatistics

_CLOCK = 48_000
_PICTURES: Final = 256


def take_packets(receiver: Any, handle: Callable[[Any], Awaitable[None]]) -> None:
    """Give RTP packets to ``handle`` instead of to the receiver's own decoder."""
    streams: dict[int, StreamStatistics] = receiver._RTCRtpReceiver__remote_streams  # noqa: SLF001

    async def on_packet(packet: Any, arrival_time_ms: int) -> None:
        del arrival_time_ms
        if not streams:
            streams[packet.ssrc] = StreamStatistics(_CLOCK)
        if (stream := streams.get(packet.ssrc)) is None:
            return  # a second source on one microphone
        stream.add(packet)
        await handle(packet)

    receiver._handle_rtp_packet = on_packet  # noqa: SLF001


class Arrivals:
    """When the pictures of a video track came.

    Args:
        receiver: Of the track; its packets go on to it.
    """

    def __init__(self, receiver: Any) -> None:
        self._mapper = receiver._RTCRtpReceiver__timestamp_mapper  # noqa: SLF001
        self._came: OrderedDict[int, float] = OrderedDict()
        handle = receiver._handle_rtp_packet  # noqa: SLF001

        async def on_packet(packet: Any, arrival_time_ms: int) -> None:
            self._came.setdefault(packet.timestamp, time.monotonic())
            while len(self._came) > _PICTURES:
                self._came.popitem(last=False)
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = on_packet  # noqa: SLF001

    def late(self, pts: int) -> float:
        """Seconds since the first packet of a decoded picture came; 0 if that is not known.

        Args:
            pts: Of the picture: its RTP timestamp, counted from the first one's.
        """
        timestamp = ((self._mapper._origin or 0) + pts) % (1 << 32)  # noqa: SLF001
        came = self._came.get(timestamp)
        return 0.0 if came is None else time.monotonic() - came


def last_timestamp(sender: Any) -> int | None:
    """RTP timestamp of the last packet that was sent; None before the first."""
    sent: int = sender._RTCRtpSender__packet_count  # noqa: SLF001
    timestamp: int = sender._RTCRtpSender__rtp_timestamp  # noqa: SLF001
    return timestamp if sent else None
