"""Where we reach into aiortc, all in one place: its receive side and two of its numbers.

aiortc 1.16 keeps a late packet's delay for the rest of a call and conceals nothing, so packets are
taken before they reach its jitter buffer. Its receiver still answers with RTCP reports: browsers
add in-band error correction only when they are told of losses.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiortc.rtcrtpreceiver import StreamStatistics

_CLOCK = 48_000


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


def last_timestamp(sender: Any) -> int | None:
    """RTP timestamp of the last packet that was sent; None before the first."""
    sent: int = sender._RTCRtpSender__packet_count  # noqa: SLF001
    timestamp: int = sender._RTCRtpSender__rtp_timestamp  # noqa: SLF001
    return timestamp if sent else None
