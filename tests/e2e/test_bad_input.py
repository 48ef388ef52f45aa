"""What goes wrong on the wire stays with the caller who did it."""

import asyncio
import time

import grpc
import numpy as np
import psutil
import pytest
from grpc import aio

from talkover.core.clock import RATE
from talkover.v1 import admin_pb2, admin_pb2_grpc, agent_pb2, agent_pb2_grpc, media_pb2

pytestmark = [pytest.mark.e2e, pytest.mark.bundle]

Request = agent_pb2.ConverseRequest
PCM16 = media_pb2.AUDIO_ENCODING_PCM16
SILENCE = Request(audio=media_pb2.AudioChunk(data=bytes(640)))


def start(encoding=PCM16, rate=RATE, **more):
    audio = media_pb2.AudioFormat(encoding=encoding, rate=rate)
    return Request(start=agent_pb2.SessionStart(audio=audio, **more))


def chunk(data):
    return Request(audio=media_pb2.AudioChunk(data=data))


def picture(data, encoding=media_pb2.IMAGE_ENCODING_PNG):
    return Request(video=media_pb2.VideoFrame(encoding=encoding, data=data))


@pytest.fixture
async def channel(server):
    async with aio.insecure_channel(server.url) as opened:
        yield opened


async def converse(channel, requests, *, timeout=20.0):
    """Send all, then listen until the end: events, status code, details."""
    call = agent_pb2_grpc.AgentStub(channel).Converse(timeout=timeout)
    events = []
    try:
        for request in requests:
            await call.write(request)
        await call.done_writing()
    except (grpc.RpcError, asyncio.InvalidStateError):
        pass  # it was refused while we were still sending
    try:
        while (event := await call.read()) is not aio.EOF:
            events.append(event)
    except grpc.RpcError:
        pass
    return events, await call.code(), await call.details()


async def status(channel):
    return await admin_pb2_grpc.AdminStub(channel).GetStatus(admin_pb2.GetStatusRequest())


async def all_gone(channel):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if (await status(channel)).sessions == 0:
            return True
        await asyncio.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("requests", "code"),
    [
        ([], "PROTOCOL"),
        ([Request()], "PROTOCOL"),
        ([SILENCE], "PROTOCOL"),
        ([start(encoding=media_pb2.AUDIO_ENCODING_UNSPECIFIED)], "AUDIO"),
        ([start(encoding=9)], "AUDIO"),
        ([start(rate=44_100)], "AUDIO"),
        ([start(rate=-1)], "AUDIO"),
        ([start(instructions="x" * 1_000_000)], "PROTOCOL"),
        ([start(), start()], "PROTOCOL"),
        ([start(), chunk(bytes(641))], "AUDIO"),
        ([start(), chunk(b"")], "AUDIO"),
        ([start(), chunk(bytes(3_000_000))], "AUDIO"),
        ([start(), Request(hang_up=agent_pb2.HangUp()), SILENCE], None),
        ([start(), Request(text=agent_pb2.TextInput(text="a" * 1_000_000))], "PROTOCOL"),
        ([start(), Request(correction=agent_pb2.Correction(turn=-1))], "PROTOCOL"),
    ],
)
async def test_a_broken_rule_has_a_code_and_an_end(channel, requests, code):
    events, status_code, details = await converse(channel, requests)
    assert events[-1].WhichOneof("message") == "ended"
    if code is None:  # a hang-up wins: what follows it is not read
        assert events[-1].ended.reason == agent_pb2.END_REASON_HANG_UP
    else:
        (problem,) = [event.error for event in events if event.HasField("error")]
        assert problem.code == code
        assert events[-1].ended.reason == agent_pb2.END_REASON_ERROR
        assert status_code is grpc.StatusCode.INVALID_ARGUMENT
        assert details.startswith(code)
    assert await all_gone(channel)


async def test_a_message_over_the_limit_is_refused_by_the_transport(channel):
    _, code, _ = await converse(channel, [start(), chunk(bytes(6_000_000))])
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await all_gone(channel)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (picture(b"no picture"), "PICTURE"),
        (picture(b"\x89PNG\r\n\x1a\n" + bytes(100)), "PICTURE"),
        (picture(b"\xff\xd8\xff" + bytes(100), media_pb2.IMAGE_ENCODING_JPEG), "PICTURE"),
        (Request(correction=agent_pb2.Correction(turn=99, text="x")), "PROTOCOL"),
    ],
)
async def test_a_small_mistake_is_told_and_the_call_goes_on(channel, request_, code):
    call = agent_pb2_grpc.AgentStub(channel).Converse(timeout=20)
    await call.write(start())
    await call.write(request_)
    seen = [await call.read(), await call.read()]
    assert [event.WhichOneof("message") for event in seen] == ["started", "error"]
    assert seen[1].error.code == code
    await call.write(SILENCE)
    await call.write(Request(hang_up=agent_pb2.HangUp()))
    event = await call.read()
    assert event.ended.reason == agent_pb2.END_REASON_HANG_UP
    assert await call.code() is grpc.StatusCode.OK


async def test_a_caller_who_vanishes_is_forgotten(server, channel):
    async with aio.insecure_channel(server.url, options=[("x", 1)]) as doomed:
        call = agent_pb2_grpc.AgentStub(doomed).Converse()
        await call.write(start())
        await call.read()
        for _ in range(10):
            await call.write(SILENCE)
        assert (await status(channel)).sessions == 1
    assert await all_gone(channel)


async def test_a_flood_is_held_back_and_harms_nobody(channel):
    """Ten minutes of audio at once: flow control takes it at the pace of speech."""
    call = agent_pb2_grpc.AgentStub(channel).Converse(timeout=30)
    await call.write(start())
    sent = 0
    until = time.monotonic() + 3
    second = chunk(bytes(32_000))
    while time.monotonic() < until:
        try:
            await asyncio.wait_for(call.write(second), max(0.01, until - time.monotonic()))
        except TimeoutError:
            break
        sent += 1
    begin = time.monotonic()
    await status(channel)
    assert time.monotonic() - begin < 1
    call.cancel()
    assert sent < 60
    assert await all_gone(channel)


async def test_a_caller_who_never_reads_is_let_go(server, channel):
    """Typed turns are answered until nothing more fits; then the session ends by itself."""
    options = [("grpc.http2.lookahead_bytes", 16_384), ("grpc.http2.bdp_probe", 0)]
    async with aio.insecure_channel(server.url, options=options) as mute:
        call = agent_pb2_grpc.AgentStub(mute).Converse()
        await call.write(start(rate=48_000))
        spoken = Request(text=agent_pb2.TextInput(text="Tell me a long story about a dog."))
        for _ in range(3):
            await call.write(spoken)
        while not (await status(channel)).sessions:
            await asyncio.sleep(0.05)
        # 48 kHz PCM16 is 96 kB a second, and nobody takes it.
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and (await status(channel)).sessions:
            await asyncio.sleep(0.5)
        gone = (await status(channel)).sessions == 0
        call.cancel()
    assert gone or await all_gone(channel)


async def test_a_good_call_does_not_notice_a_bad_one(channel):
    good = agent_pb2_grpc.AgentStub(channel).Converse(timeout=60)
    await good.write(start())
    await good.read()
    for bad in (b"", bytes(641), bytes(100_000)):
        await converse(channel, [start(), chunk(bad)])
    await good.write(Request(text=agent_pb2.TextInput(text="Hello, how are you?")))
    kinds = []
    while (event := await good.read()) is not aio.EOF:
        kinds.append(event.WhichOneof("message"))
        if event.turn.kind == agent_pb2.TURN_EVENT_KIND_AGENT_FINISHED:
            break
    assert "audio" in kinds
    assert "error" not in kinds
    good.cancel()


async def test_bad_sessions_leave_nothing_behind(server, channel):
    process = psutil.Process(server.process.pid)

    async def many(count):
        for _ in range(count):
            await converse(channel, [start(), chunk(bytes(641))])
        assert await all_gone(channel)
        return process.num_fds(), process.num_threads(), process.memory_info().rss

    await many(20)
    files, threads, memory = await many(1)
    more_files, more_threads, more_memory = await many(100)
    assert more_files <= files + 2
    assert more_threads <= threads + 2
    assert more_memory < memory * 1.05


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (agent_pb2.TranscribeRequest(), "AUDIO"),
        (
            agent_pb2.TranscribeRequest(
                audio=media_pb2.AudioFormat(encoding=PCM16, rate=8_000), data=bytes(16_000 * 31)
            ),
            "AUDIO",
        ),
        (
            agent_pb2.TranscribeRequest(
                audio=media_pb2.AudioFormat(encoding=PCM16, rate=8_000), data=b"\0\0", n_best=99
            ),
            "PROTOCOL",
        ),
    ],
)
async def test_a_bad_utterance_is_refused(channel, request_, code):
    with pytest.raises(aio.AioRpcError) as caught:
        await agent_pb2_grpc.AgentStub(channel).Transcribe(request_)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details().startswith(code)


async def test_silence_and_noise_are_not_words(channel):
    noise = (np.random.default_rng(1).normal(0, 300, RATE * 3)).astype("<i2").tobytes()
    for data in (bytes(RATE * 4), noise):
        answer = await agent_pb2_grpc.AgentStub(channel).Transcribe(
            agent_pb2.TranscribeRequest(
                audio=media_pb2.AudioFormat(encoding=PCM16, rate=RATE), data=data
            )
        )
        assert not "".join(hypothesis.text for hypothesis in answer.hypotheses).strip()
