"""Questions with one answer: what was said in a recording, and how a server is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from grpc import aio
from numpy.typing import NDArray

from talkover.client import _channel, _wire
from talkover.client._events import Word
from talkover.core.audio import AudioFormat, Encoding, encode
from talkover.core.errors import AudioError
from talkover.v1 import admin_pb2, admin_pb2_grpc, agent_pb2, agent_pb2_grpc

LONGEST_UTTERANCE: Final = 30.0
"""Seconds that one ``transcribe`` may hold."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of an utterance."""

    text: str
    log_probability: float
    """Natural logarithm of the probability of the whole token sequence."""
    words: tuple[Word, ...]
    """Times are from the utterance's start."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """The readings of an utterance, likeliest first; none when nobody spoke."""

    hypotheses: tuple[Hypothesis, ...]
    language: str
    language_probability: float
    bundle_id: str
    seconds: float
    """What the listener took, waiting in line included."""

    @property
    def text(self) -> str:
        """The likeliest reading; empty when nobody spoke."""
        return self.hypotheses[0].text if self.hypotheses else ""


@dataclass(frozen=True, slots=True)
class TraceStatus:
    """How trace writing is doing: counts of records."""

    connected: bool
    spooled: int
    delivered: int
    dropped: int


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server at one moment."""

    version: str
    uptime_seconds: float
    bundle_id: str
    sessions: int
    max_sessions: int
    draining: bool
    """Shutdown has begun: no new sessions."""
    playout_late_p99_seconds: float
    traces: TraceStatus


async def transcribe(
    pcm: NDArray[np.int16],
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
    rate: int = 16_000,
    languages: Sequence[str] = (),
    n_best: int = 1,
    timeout: float = 60.0,  # noqa: ASYNC109 - goes to the server as the RPC's deadline
) -> Transcription:
    """The words of one utterance.

    Args:
        pcm: int16 [samples], mono, at most 30 s.
        url: As for ``connect``.
        token: As for ``connect``.
        rate: Of the samples: 8000, 16000, 24000 or 48000.
        languages: BCP 47 tags it may be in; none: the server's default.
        n_best: How many readings, from 1 to 8.
        timeout: Seconds until an answer must have come.

    Raises:
        AudioError: it is too long, or not mono int16.
        CallError: no answer came; ``code`` and message say why.
    """
    audio = AudioFormat(Encoding.PCM16, rate)
    if len(pcm) > LONGEST_UTTERANCE * rate:
        raise AudioError(f"longer than {LONGEST_UTTERANCE:g} s; cut it, or play it in a call")
    request = agent_pb2.TranscribeRequest(
        audio=_wire.format_to_wire(audio),
        data=encode(pcm, audio.encoding),
        languages=list(languages),
        n_best=n_best,
    )
    async with _channel.open_channel(url) as channel:
        stub: agent_pb2_grpc.AgentAsyncStub = agent_pb2_grpc.AgentStub(channel)
        try:
            answer = await stub.Transcribe(
                request, timeout=timeout, metadata=_channel.credentials(token)
            )
        except aio.AioRpcError as error:
            raise _channel.from_status(error, url, opened=False) from None
    return Transcription(
        hypotheses=tuple(
            Hypothesis(h.text, h.log_probability, _wire.words_from_wire(h.words))
            for h in answer.hypotheses
        ),
        language=answer.language,
        language_probability=answer.language_probability,
        bundle_id=answer.bundle_id,
        seconds=answer.seconds,
    )


async def status(
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
    timeout: float = 5.0,  # noqa: ASYNC109 - goes to the server as the RPC's deadline
) -> ServerStatus:
    """How a server is.

    Args:
        url: As for ``connect``.
        token: As for ``connect``.
        timeout: Seconds until an answer must have come.

    Raises:
        CallError: no answer came; ``code`` and message say why.
    """
    async with _channel.open_channel(url) as channel:
        stub: admin_pb2_grpc.AdminAsyncStub = admin_pb2_grpc.AdminStub(channel)
        try:
            answer = await stub.GetStatus(
                admin_pb2.GetStatusRequest(),
                timeout=timeout,
                metadata=_channel.credentials(token),
            )
        except aio.AioRpcError as error:
            raise _channel.from_status(error, url, opened=False) from None
    traces = answer.traces
    return ServerStatus(
        version=answer.version,
        uptime_seconds=answer.uptime_seconds,
        bundle_id=answer.bundle_id,
        sessions=answer.sessions,
        max_sessions=answer.max_sessions,
        draining=answer.draining,
        playout_late_p99_seconds=answer.playout_late_p99_seconds,
        traces=TraceStatus(
            connected=traces.connected,
            spooled=traces.spooled,
            delivered=traces.delivered,
            dropped=traces.dropped,
        ),
    )
