"""The Agent service: moves messages between a stream and a session."""

from __future__ import annotations  # grpc's classes are generic to type checkers only

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any, Final, TypeAlias

import grpc
import structlog
from grpc import aio

from talkover.core.audio import StreamResampler, decode, to_float
from talkover.core.clock import RATE
from talkover.core.errors import (
    AdmissionError,
    AudioError,
    BusyError,
    ProtocolError,
    TalkoverError,
)
from talkover.core.listener import ListenRequest
from talkover.core.settings import Settings
from talkover.core.vad import has_speech
from talkover.server.hall import Hall
from talkover.server.session import Gate, Session, audio_format, check_chunk, wire
from talkover.v1 import agent_pb2, agent_pb2_grpc

_OPENING: Final = 10.0  # seconds to send the start message
_WRITE: Final = 5.0  # seconds a caller may leave the stream unread
_LONGEST: Final = 30  # seconds of an utterance
_MAX_N_BEST: Final = 8

_STATUS: Final = {
    AudioError: grpc.StatusCode.INVALID_ARGUMENT,
    ProtocolError: grpc.StatusCode.INVALID_ARGUMENT,
    AdmissionError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    BusyError: grpc.StatusCode.RESOURCE_EXHAUSTED,
}

Context: TypeAlias = "aio.ServicerContext[Any, Any]"

log = structlog.get_logger()


def status_of(error: TalkoverError) -> grpc.StatusCode:
    """The gRPC status that stands for an error."""
    return _STATUS.get(type(error), grpc.StatusCode.INTERNAL)


class AgentService(agent_pb2_grpc.AgentServicer):
    """Converse and Transcribe.

    Args:
        hall: Where sessions live.
        settings: Defaults.
    """

    def __init__(self, hall: Hall, settings: Settings) -> None:
        self._hall = hall
        self._settings = settings

    async def Converse(  # type: ignore[override] # noqa: N802 - the wire's name; it writes itself
        self,
        request_iterator: AsyncIterator[agent_pb2.ConverseRequest],
        context: Context,
    ) -> None:
        """One call."""
        gate = Gate()
        try:
            await self._open(gate, request_iterator)
            session = self._hall.admit(gate, "grpc")
        except TalkoverError as error:
            await self._refuse(context, error)
            return
        running = asyncio.create_task(session.run(), name=f"{session.id}:run")
        reading = asyncio.create_task(
            self._read(request_iterator, session), name=f"{session.id}:read"
        )
        failure: TalkoverError | None = None
        try:
            failure = await self._write(context, session)
        finally:
            # Also when the caller vanished: this task is cancelled, and the session must end.
            session.end(agent_pb2.END_REASON_HANG_UP)
            reading.cancel()
            await asyncio.gather(running, reading, return_exceptions=True)
            self._hall.dismiss(session)
        if failure is not None:
            context.set_code(status_of(failure))
            context.set_details(f"{failure.code}: {failure}")

    @staticmethod
    async def _open(gate: Gate, requests: AsyncIterator[agent_pb2.ConverseRequest]) -> None:
        try:
            async with asyncio.timeout(_OPENING):
                first = await anext(requests)
        except TimeoutError:
            raise ProtocolError(f"no start message within {_OPENING:g} s") from None
        except StopAsyncIteration:
            raise ProtocolError("the stream ended before its start message") from None
        gate.admit(first)

    @staticmethod
    async def _refuse(context: Context, error: TalkoverError) -> None:
        log.info("session.refused", code=error.code)
        await context.write(wire.problem(0, error))
        await context.write(wire.ended(0, agent_pb2.END_REASON_ERROR, 0))
        context.set_code(status_of(error))
        context.set_details(f"{error.code}: {error}")

    @staticmethod
    async def _read(requests: AsyncIterator[agent_pb2.ConverseRequest], session: Session) -> None:
        try:
            async for request in requests:
                await session.take(request)
        except TalkoverError as error:
            session.end(agent_pb2.END_REASON_ERROR, error)
        else:
            session.leave(agent_pb2.END_REASON_HANG_UP)

    @staticmethod
    async def _write(context: Context, session: Session) -> TalkoverError | None:
        """Deliver events until there are no more, and say what the session died of, if it did."""
        while (event := await session.outbox.next()) is not None:
            try:
                async with asyncio.timeout(_WRITE):
                    await context.write(event)
            except TimeoutError:
                return BusyError(f"the stream was not read for {_WRITE:g} s")
        return session.failure

    async def Transcribe(  # noqa: N802 - the wire's name
        self, request: agent_pb2.TranscribeRequest, context: Context
    ) -> agent_pb2.TranscribeResponse:
        """One utterance."""
        begin = time.monotonic()
        lease = self._hall.house.lease(secrets.token_hex(8))
        parts = lease.parts
        try:
            form = audio_format(request.audio)
            check_chunk(request.data, form, _LONGEST)
            if not 0 <= request.n_best <= _MAX_N_BEST:
                raise ProtocolError(f"n_best is 0 to {_MAX_N_BEST}")
            resampler = StreamResampler(form.rate, RATE)
            pcm = resampler.push(decode(request.data, form.encoding))
            if not await asyncio.to_thread(has_speech, parts.voices.model, pcm):
                return agent_pb2.TranscribeResponse(
                    bundle_id=parts.bundle_id, seconds=time.monotonic() - begin
                )
            listen = ListenRequest(
                pcm=to_float(pcm),  # the few ticks still in the filter are silence
                languages=tuple(request.languages) or self._settings.models.languages,
                n_best=max(1, request.n_best),
            )
            transcript = await parts.listener.transcribe(listen)
        except TalkoverError as error:
            await context.abort(status_of(error), f"{error.code}: {error}")
        finally:
            lease.end()
        return agent_pb2.TranscribeResponse(
            hypotheses=[
                agent_pb2.Hypothesis(
                    text=hypothesis.text,
                    log_probability=hypothesis.log_prob,
                    words=wire.words(hypothesis.words),
                )
                for hypothesis in transcript.hypotheses
            ],
            language=transcript.language,
            language_probability=transcript.language_probability,
            bundle_id=parts.bundle_id,
            seconds=time.monotonic() - begin,
        )
