"""A server that follows a script: real gRPC, no models, every failure on demand."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
from grpc import aio

from talkover.v1 import admin_pb2, admin_pb2_grpc, agent_pb2, agent_pb2_grpc, media_pb2

Context = aio.ServicerContext
Requests = AsyncIterator[agent_pb2.ConverseRequest]
Conversation = Callable[["Scripted", Requests, Context], Awaitable[None]]


class Scripted(agent_pb2_grpc.AgentServicer, admin_pb2_grpc.AdminServicer):
    """Answers each call with the conversation it was given and remembers what callers sent."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.received: list[agent_pb2.ConverseRequest] = []
        self.calls = 0
        self.cancelled = asyncio.Event()
        self.tokens: list[str] = []

    async def Converse(self, request_iterator, context):  # noqa: N802 - the wire's name
        self.calls += 1
        metadata = dict(context.invocation_metadata())
        self.tokens.append(metadata.get("authorization", ""))
        try:
            await self.conversation(self, request_iterator, context)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def Transcribe(self, request, context):  # noqa: N802 - the wire's name
        if not request.data:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no audio")
        word = agent_pb2.Word(text="hello", starts_at=160, ends_at=3200, confidence=0.5)
        return agent_pb2.TranscribeResponse(
            hypotheses=[agent_pb2.Hypothesis(text="hello", log_probability=-1.5, words=[word])],
            language="en",
            language_probability=1.0,
            bundle_id="b1",
            seconds=0.25,
        )

    async def GetStatus(self, request, context):  # noqa: N802 - the wire's name
        traces = admin_pb2.TraceStatus(connected=True, delivered=3)
        return admin_pb2.GetStatusResponse(
            version="1", bundle_id="b1", sessions=2, max_sessions=9, traces=traces
        )

    async def ListBundles(self, request, context):  # noqa: N802 - the wire's name
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "not here")

    def kinds(self) -> list[str]:
        """What callers sent, in order."""
        return [str(request.WhichOneof("message")) for request in self.received]

    async def take(self, requests: Requests) -> agent_pb2.ConverseRequest | None:
        """The caller's next message; None when it has no more."""
        with contextlib.suppress(StopAsyncIteration):
            request = await anext(aiter(requests))
            self.received.append(request)
            return request
        return None

    async def open(self, requests: Requests, context: Context) -> agent_pb2.SessionStart:
        """Take the start and answer it."""
        request = await self.take(requests)
        assert request is not None
        started = agent_pb2.SessionStarted(
            session_id="s1", bundle_id="b1", audio=request.start.audio, languages=["en"]
        )
        await context.write(agent_pb2.ConverseResponse(started=started))
        return request.start

    async def until_hang_up(self, requests: Requests) -> None:
        """Listen until the caller hangs up or half-closes."""
        while request := await self.take(requests):
            if request.WhichOneof("message") == "hang_up":
                return

    async def end(
        self, context: Context, reason: agent_pb2.EndReason = agent_pb2.END_REASON_HANG_UP
    ) -> None:
        """Send the last event."""
        ended = agent_pb2.SessionEnded(reason=reason, turns=1)
        await context.write(agent_pb2.ConverseResponse(ended=ended))


@contextlib.asynccontextmanager
async def serving(conversation: Conversation) -> AsyncIterator[tuple[Scripted, str]]:
    """A scripted server on a free port, and its address."""
    servicer = Scripted(conversation)
    server = aio.server()
    agent_pb2_grpc.add_AgentServicer_to_server(servicer, server)
    admin_pb2_grpc.add_AdminServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield servicer, f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


def audio(data: bytes, at: int, position: int) -> agent_pb2.ConverseResponse:
    chunk = media_pb2.AudioChunk(data=data, starts_at=at, lane_position=position)
    return agent_pb2.ConverseResponse(at=at, audio=chunk)


def turn(kind: str, at: int = 0, turn: int = 0) -> agent_pb2.ConverseResponse:
    value = agent_pb2.TurnEventKind.Value(f"TURN_EVENT_KIND_{kind.upper()}")
    return agent_pb2.ConverseResponse(at=at, turn=agent_pb2.TurnEvent(kind=value, turn=turn))


async def polite(server: Scripted, requests: Requests, context: Context) -> None:
    """Opens, listens to the end, says goodbye."""
    await server.open(requests, context)
    await server.until_hang_up(requests)
    await server.end(context)
