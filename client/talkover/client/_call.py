"""One call: a session on a server, from its start to its end."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Self

import numpy as np
from grpc import aio
from numpy.typing import NDArray

from talkover.client import _channel, _wire
from talkover.client._events import Ended, EndReason, Event, Problem, Started
from talkover.core.audio import AudioFormat, Encoding, encode
from talkover.core.errors import AudioError, CallError, TalkoverError
from talkover.v1 import agent_pb2, agent_pb2_grpc, media_pb2

_ATTEMPTS: Final = 4
_FIRST_WAIT: Final = 0.25
"""Seconds before the second attempt to connect, at most; doubled for each after it."""
_INBOX: Final = 1_000
"""Events that wait for their reader: 20 s of agent audio."""
_OUTBOX: Final = 50
"""Messages that wait for the network: one second of audio."""
_GOODBYE: Final = 5.0
"""Seconds that a server may take to confirm a hang-up."""

_Stream = aio.StreamStreamCall[agent_pb2.ConverseRequest, agent_pb2.ConverseResponse]


class Call:
    """A live call; ``connect`` makes one.

    Iterate over it, in one task, for what the agent does. Events wait in a bounded queue; when it
    is full nothing is thrown away: reading from the network stops, and the server, which notices,
    applies its own policy to callers that don't read. A ``send_*`` waits while a second of
    messages is on its way. Cancelling a wait, either way, does the call no harm; a message that
    had found its place is still sent.

    The iteration ends after ``Ended``. It raises ``CallError`` instead when the connection broke
    or the server gave up on the session; a broken session is never resumed behind your back,
    and what was said in it is in the events that came before.
    """

    def __init__(self, url: str, channel: aio.Channel, stream: _Stream, started: Started) -> None:
        self._url = url
        self._channel = channel
        self._stream = stream
        self._started = started
        self._encoding = started.audio.encoding
        self._inbox: asyncio.Queue[Event | None] = asyncio.Queue(_INBOX)
        self._outbox: asyncio.Queue[agent_pb2.ConverseRequest | None] = asyncio.Queue(_OUTBOX)
        self._inbox.put_nowait(started)
        self._error: CallError | None = None
        self._over = False  # nothing can be sent any more
        self._hung_up = False
        self._tasks = (
            asyncio.create_task(self._read(), name="talkover-call-read"),
            asyncio.create_task(self._write(), name="talkover-call-write"),
        )

    @property
    def session_id(self) -> str:
        """The server's name for this session."""
        return self._started.session_id

    @property
    def audio(self) -> AudioFormat:
        """The format of both lanes."""
        return self._started.audio

    @property
    def over(self) -> bool:
        """The session has ended, one way or another: nothing can be sent any more."""
        return self._over

    async def send_audio(self, pcm: NDArray[np.int16] | bytes, *, starts_at: int = 0) -> None:
        """Say something: at about the pace it is spoken.

        Args:
            pcm: Mono samples at the session's rate, int16 [samples] or 16-bit little-endian
                bytes; encoded here as the session wants it. Any length: more than a second goes
                in pieces.
            starts_at: Media time of the first sample. 0: right after what was sent before. Later:
                a gap, heard as silence.

        Raises:
            AudioError: the samples are not mono int16, or the bytes end within a sample.
            CallError: the call is over.
        """
        if isinstance(pcm, bytes | bytearray | memoryview):
            if len(pcm) % 2:
                raise AudioError(f"{len(pcm)} bytes end within a 16-bit sample; send whole ones")
            pcm = np.frombuffer(pcm, "<i2").astype(np.int16)
        rate = self._started.audio.rate
        for first in range(0, len(pcm), rate):
            data = encode(pcm[first : first + rate], self._encoding)
            chunk = media_pb2.AudioChunk(data=data, starts_at=0 if first else starts_at)
            await self._send(agent_pb2.ConverseRequest(audio=chunk))

    async def send_text(self, text: str) -> None:
        """Type a turn, of at most 2,000 characters, instead of speaking it."""
        await self._send(agent_pb2.ConverseRequest(text=agent_pb2.TextInput(text=text)))

    async def send_frame(
        self,
        image: bytes,
        *,
        encoding: _wire.ImageType = "jpeg",
        source: _wire.VideoSource = "camera",
        taken_at: int = 0,
    ) -> None:
        """Show a picture.

        Args:
            image: An encoded picture, at most 1 MiB and 25 million pixels; of an animation the
                first picture counts.
            encoding: How it is encoded.
            source: Where it comes from.
            taken_at: Media time; 0 is now.
        """
        frame = media_pb2.VideoFrame(
            encoding=_wire.IMAGES[encoding],
            data=image,
            taken_at=taken_at,
            source=_wire.SOURCES[source],
        )
        await self._send(agent_pb2.ConverseRequest(video=frame))

    async def hide(self, source: _wire.VideoSource = "camera") -> None:
        """Show nothing any more; what was shown may still be asked about as what was before."""
        frame = media_pb2.VideoFrame(source=_wire.SOURCES[source])
        await self._send(agent_pb2.ConverseRequest(video=frame))

    async def correct(self, turn: int, text: str) -> None:
        """Say what one of the caller's turns should have read, in at most 2,000 characters."""
        correction = agent_pb2.Correction(turn=turn, text=text)
        await self._send(agent_pb2.ConverseRequest(correction=correction))

    async def report_playout(self, played: int) -> None:
        """Say how much of the agent lane has come out of the loudspeaker.

        Args:
            played: Ticks, in the terms of ``AgentAudio.lane_position``; never less than before.
                Only for calls that were opened with ``reports_playout``.
        """
        report = agent_pb2.PlayoutReport(played=played)
        await self._send(agent_pb2.ConverseRequest(playout=report))

    async def interrupt(self) -> None:
        """Stop the agent now: a button, not a voice."""
        await self._send(agent_pb2.ConverseRequest(interrupt=agent_pb2.Interrupt()))

    async def hang_up(self) -> None:
        """End the call. Iterate on to see its ``Ended``; doing it twice does nothing."""
        if self._hung_up or self._over:
            return
        self._hung_up = True
        await self._put(agent_pb2.ConverseRequest(hang_up=agent_pb2.HangUp()))
        await self._put(None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await self._inbox.get()
        if event is not None:
            return event
        self._inbox.put_nowait(None)  # whoever else reads, or reads on, sees the end too
        if self._error is not None:
            raise self._error
        raise StopAsyncIteration

    async def _send(self, request: agent_pb2.ConverseRequest) -> None:
        if self._hung_up:
            raise _channel.failure("OVER", "you hung up; connect again to go on")
        await self._put(request)

    async def _put(self, item: agent_pb2.ConverseRequest | None) -> None:
        if not self._over:
            await self._outbox.put(item)
        if self._over:
            _empty(self._outbox)  # whoever waits for room wakes, and comes here too
            raise self._error or _channel.failure("OVER", "the call has ended; connect again")

    async def _write(self) -> None:
        with contextlib.suppress(aio.AioRpcError, asyncio.InvalidStateError):  # the reader knows
            while (request := await self._outbox.get()) is not None:
                await self._stream.write(request)
            await self._stream.done_writing()

    async def _read(self) -> None:
        problem: Problem | None = None
        ended: Ended | None = None
        try:
            while isinstance(response := await self._stream.read(), agent_pb2.ConverseResponse):
                event = _wire.event_from_wire(response, self._encoding)
                if isinstance(event, Problem):
                    problem = event
                elif isinstance(event, Ended):
                    ended = event
                if event is not None:
                    await self._inbox.put(event)
        except aio.AioRpcError as error:
            self._error = _channel.from_status(error, self._url, opened=True)
        except TalkoverError as error:
            self._error = _channel.failure(error.code, str(error))
            self._stream.cancel()
        if ended is not None:
            self._error = None  # its reason says it all, unless it was an error
        if problem and ((ended and ended.reason is EndReason.ERROR) or self._error):
            self._error = _channel.failure(problem.code, problem.message)
        elif ended is None and self._error is None:
            self._error = _channel.failure("LOST", "the server left without a word; call again")
        self._over = True
        self._tasks[1].cancel()
        _empty(self._outbox)
        await self._inbox.put(None)

    async def _leave(self, *, politely: bool) -> None:
        """Hang up, if there is a reason to be polite, and leave nothing behind."""
        try:
            if politely and not self._over:
                with contextlib.suppress(TimeoutError, CallError):
                    async with asyncio.timeout(_GOODBYE):
                        await self.hang_up()
                        async for _ in self:  # the stream's end waits behind what was not read
                            pass
        finally:
            self._over = True
            self._stream.cancel()
            for task in self._tasks:
                task.cancel()
            _empty(self._outbox)
            await asyncio.gather(*self._tasks, return_exceptions=True)
            _empty(self._inbox)
            self._inbox.put_nowait(None)
            await self._channel.close()


def _empty(queue: asyncio.Queue[Any]) -> None:
    with contextlib.suppress(asyncio.QueueEmpty):
        while True:
            queue.get_nowait()


@contextlib.asynccontextmanager
async def connect(
    url: str = _channel.DEFAULT_URL,
    *,
    token: str | None = None,
    audio: AudioFormat = AudioFormat(Encoding.PCM16, 16_000),  # noqa: B008 - frozen
    languages: Sequence[str] = (),
    instructions: str = "",
    consent: bool = False,
    caller_id: str = "",
    reports_playout: bool = False,
    timeout: float = 10.0,  # noqa: ASYNC109 - bounds the opening, not the block
) -> AsyncIterator[Call]:
    """Call the agent; the call is hung up when the block is left.

    A server that cannot be reached is tried four times in all, with a jittered and doubling wait
    of at most 0.25, 0.5 and 1 s between. Any other refusal (token, no room, protocol) is final at
    once. Once the session has opened nothing is retried: see ``Call``.

    Args:
        url: ``grpc://host:port``, ``grpcs://host:port`` (TLS) or ``host:port``.
        token: The server's bearer token, where it wants one.
        audio: The format on the wire, both ways.
        languages: BCP 47 tags the caller may speak, likeliest first; none: the server's default.
        instructions: How the agent should behave; none: the server's default.
        consent: Words and audio of this call may be kept and learned from.
        caller_id: Names the caller across calls, for erasure; stored as a hash.
        reports_playout: You will call ``report_playout``; without it the agent takes for heard
            what was sent.
        timeout: Seconds until the session must have opened, attempts and waits included.

    Yields:
        The call. Its first event is ``Started``.

    Raises:
        ConfigError: the address is not one.
        CallError: no session opened; ``code`` is UNREACHABLE, TOKEN, FULL, PROTOCOL, TIMEOUT or
            the server's own, and the message says what to do.
    """
    start = agent_pb2.SessionStart(
        audio=_wire.format_to_wire(audio),
        languages=list(languages),
        instructions=instructions,
        consent_to_record=consent,
        reports_playout=reports_playout,
        caller_id=caller_id,
    )
    try:
        async with asyncio.timeout(timeout):
            call = await _dial(url, token, start)
    except TimeoutError:
        raise _channel.failure(
            "TIMEOUT", f"no session within {timeout:g} s; the server is overloaded or starting"
        ) from None
    politely = False
    try:
        yield call
        politely = True
    finally:
        await call._leave(politely=politely)  # noqa: SLF001 - the other half of its making


async def _dial(url: str, token: str | None, start: agent_pb2.SessionStart) -> Call:
    for attempt in range(_ATTEMPTS):
        if attempt:
            longest = _FIRST_WAIT * 2 ** (attempt - 1)
            await asyncio.sleep(longest * random.uniform(0.5, 1))  # noqa: S311 - not a secret
        channel = _channel.open_channel(url)
        try:
            return await _open(url, channel, token, start)
        except BaseException as error:
            await channel.close()
            last = attempt == _ATTEMPTS - 1
            if not isinstance(error, CallError) or error.code != "UNREACHABLE" or last:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _open(
    url: str, channel: aio.Channel, token: str | None, start: agent_pb2.SessionStart
) -> Call:
    """One attempt: everything up to the server's `started`."""
    stub: agent_pb2_grpc.AgentAsyncStub = agent_pb2_grpc.AgentStub(channel)
    stream = stub.Converse(metadata=_channel.credentials(token))
    try:
        with contextlib.suppress(asyncio.InvalidStateError):  # refused already: read() says why
            await stream.write(agent_pb2.ConverseRequest(start=start))
        response = await stream.read()
        if not isinstance(response, agent_pb2.ConverseResponse):
            raise _channel.failure("PROTOCOL", "the server closed a call that had not begun")
        event = _wire.event_from_wire(response, Encoding.PCM16)
    except aio.AioRpcError as error:
        raise _channel.from_status(error, url, opened=False) from None
    except TalkoverError as error:
        stream.cancel()
        raise _channel.failure(error.code, str(error)) from None
    if isinstance(event, Problem):
        stream.cancel()
        raise _channel.failure(event.code, event.message)
    if not isinstance(event, Started):
        stream.cancel()
        raise _channel.failure(
            "PROTOCOL", "the server did not open the session; use the same release on both ends"
        )
    return Call(url, channel, stream, event)
