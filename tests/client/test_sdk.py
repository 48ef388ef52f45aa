"""The SDK against a real gRPC server that follows a script."""

import asyncio
import gc
import types

import grpc
import numpy as np
import pytest

import talkover.client as sdk
from talkover.client import (
    AgentAudio,
    AgentText,
    AudioError,
    AudioFormat,
    CallError,
    ConfigError,
    Encoding,
    Ended,
    EndReason,
    Problem,
    Started,
    Transcript,
    Turn,
    TurnKind,
    connect,
)
from talkover.v1 import agent_pb2, media_pb2

from .scripted import audio, polite, serving, turn


def call_tasks() -> list[str]:
    return [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("talkover-")]


async def say(call, pcm, times):
    for _ in range(times):
        await call.send_audio(pcm)


def test_public_names_are_those_in_all():
    public = {
        name
        for name, value in vars(sdk).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public == set(sdk.__all__)


async def test_a_call_says_everything_on_the_wire():
    async with serving(polite) as (server, url):
        async with connect(
            f"grpc://{url}",
            token="secret",
            languages=["en", "es"],
            instructions="be brief",
            consent=True,
            caller_id="me",
            reports_playout=True,
        ) as call:
            assert call.session_id == "s1"
            await call.send_audio(np.arange(320, dtype=np.int16))
            await call.send_audio(b"\x01\x02" * 320, starts_at=640)
            await call.send_text("hello")
            await call.send_frame(b"png", encoding="png", source="screen", taken_at=5)
            await call.send_frame(b"jpeg", source="file")
            await call.hide("screen")
            await call.correct(0, "hallo")
            await call.report_playout(320)
            await call.interrupt()
            await call.hang_up()
            await call.hang_up()
            events = [event async for event in call]
        assert [type(e) for e in events] == [Started, Ended]
        assert events[-1].reason is EndReason.HANG_UP
    assert server.kinds() == [
        *("start", "audio", "audio", "text", "video", "video", "video", "correction", "playout"),
        *("interrupt", "hang_up"),
    ]
    start = server.received[0].start
    assert server.tokens == ["Bearer secret"]
    assert (start.instructions, start.caller_id) == ("be brief", "me")
    assert start.consent_to_record
    assert start.reports_playout
    assert list(start.languages) == ["en", "es"]
    assert server.received[1].audio.data == np.arange(320, dtype="<i2").tobytes()
    assert server.received[2].audio.starts_at == 640
    assert server.received[4].video.taken_at == 5
    assert server.received[5].video.source == media_pb2.VIDEO_SOURCE_FILE
    hidden = media_pb2.VideoFrame(source=media_pb2.VIDEO_SOURCE_SCREEN)
    assert server.received[6].video == hidden


async def test_a_glance_says_which_picture_a_reply_speaks_of():
    async def looks(server, requests, context):
        await server.open(requests, context)
        for more in ({}, {"compared_at": 0}):
            glance = agent_pb2.Glance(
                turn=3,
                asked_at=700,
                taken_at=500,
                source=media_pb2.VIDEO_SOURCE_CAMERA,
                cue="this",
                **more,
            )
            await context.write(agent_pb2.ConverseResponse(at=900, glance=glance))
        await server.until_hang_up(requests)
        await server.end(context)

    async with serving(looks) as (_, url), connect(url) as call:
        await anext(call)
        one, two = [await anext(call) for _ in range(2)]
    assert (one.turn, one.asked_at, one.taken_at, one.source) == (3, 700, 500, "camera")
    assert (one.cue, one.blank, one.compared_at, two.compared_at) == ("this", False, None, 0)


async def test_leaving_the_block_hangs_up():
    async with serving(polite) as (server, url), connect(url) as call:
        await call.send_text("bye")
    assert server.kinds() == ["start", "text", "hang_up"]
    assert not call_tasks()


async def test_events_come_as_values_with_times():
    async def conversation(server, requests, context):
        await server.open(requests, context)
        word = agent_pb2.Word(text="hi", starts_at=16, ends_at=32, confidence=0.5)
        await context.write(
            agent_pb2.ConverseResponse(
                at=99,
                transcript=agent_pb2.Transcript(
                    turn=3, final=True, text="hi", words=[word], language="en"
                ),
            )
        )
        await context.write(turn("barge_in", at=100, turn=3))
        newer = agent_pb2.ConverseResponse(turn=agent_pb2.TurnEvent(kind=99, turn=3))
        await context.write(newer)
        for kind in ("ducked", "unducked", "resumed"):
            await context.write(turn(kind, turn=2))
        words = agent_pb2.AgentText(turn=2, words=[word], lane_position=640, first=4)
        await context.write(agent_pb2.ConverseResponse(agent_text=words))
        await context.write(audio(b"\x00\x80" * 160, 640, 320))
        await server.until_hang_up(requests)
        await server.end(context)

    async with serving(conversation) as (_, url), connect(url) as call:
        started = await anext(call)
        transcript = await anext(call)
        change = await anext(call)
        changes = [await anext(call) for _ in range(3)]  # not the unknown one
        text = await anext(call)
        sound = await anext(call)
    assert [(c.kind, c.turn) for c in changes] == [
        (TurnKind.DUCKED, 2),
        (TurnKind.UNDUCKED, 2),
        (TurnKind.RESUMED, 2),
    ]
    assert isinstance(text, AgentText)
    assert (text.turn, text.first, text.lane_position, len(text.words)) == (2, 4, 640, 1)
    assert isinstance(started, Started)
    assert isinstance(transcript, Transcript)
    assert transcript.at == 99
    assert transcript.words[0].ends_at == 32
    assert change == Turn(at=100, received=change.received, kind=TurnKind.BARGE_IN, turn=3)
    assert isinstance(sound, AgentAudio)
    assert sound.pcm.dtype == np.int16
    assert (sound.pcm == -32768).all()
    assert (sound.starts_at, sound.lane_position) == (640, 320)
    assert started.received <= transcript.received <= sound.received
    with pytest.raises(AttributeError):
        change.turn = 4


@pytest.mark.parametrize("encoding", list(Encoding))
async def test_audio_is_encoded_both_ways(encoding):
    async def echo(server, requests, context):
        await server.open(requests, context)
        heard = await server.take(requests)
        await context.write(audio(heard.audio.data, 0, 0))
        await server.until_hang_up(requests)
        await server.end(context)

    tone = (8000 * np.sin(np.arange(160) / 5)).astype(np.int16)
    async with (
        serving(echo) as (server, url),
        connect(url, audio=AudioFormat(encoding, 8_000)) as call,
    ):
        await call.send_audio(tone)
        await anext(call)
        back = await anext(call)
    assert len(server.received[1].audio.data) == 160 * encoding.sample_bytes
    assert np.abs(back.pcm.astype(int) - tone).max() <= (0 if encoding is Encoding.PCM16 else 300)


async def test_a_long_piece_of_audio_goes_in_seconds():
    async with serving(polite) as (server, url), connect(url) as call:
        await call.send_audio(np.zeros(40_000, np.int16), starts_at=7)
    chunks = [r.audio for r in server.received if r.WhichOneof("message") == "audio"]
    assert [len(c.data) for c in chunks] == [32_000, 32_000, 16_000]
    assert [c.starts_at for c in chunks] == [7, 0, 0]


async def test_half_a_sample_is_refused_here():
    async with serving(polite) as (_, url), connect(url) as call:
        with pytest.raises(AudioError, match="whole"):
            await call.send_audio(b"abc")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, "TOKEN"),
        (grpc.StatusCode.PERMISSION_DENIED, "TOKEN"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "FULL"),
        (grpc.StatusCode.INVALID_ARGUMENT, "PROTOCOL"),
        (grpc.StatusCode.INTERNAL, "INTERNAL"),
    ],
)
async def test_a_refusal_is_final_and_has_a_code(status, code):
    async def refuse(server, requests, context):
        await context.abort(status, "the detail")

    async with serving(refuse) as (server, url):
        with pytest.raises(CallError, match="the detail") as caught:
            async with connect(url):
                pass
    assert caught.value.code == code
    assert server.calls <= 2, "one answer may be lost on the way, and is asked for again"


async def test_a_refusal_in_the_servers_own_words():
    async def refuse(server, requests, context):
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "BUSY: fewer calls or more cores")

    async with serving(refuse) as (_, url):
        with pytest.raises(CallError, match=r"^fewer calls or more cores$") as caught:
            async with connect(url):
                pass
    assert caught.value.code == "BUSY"


async def test_a_problem_instead_of_a_start_is_the_error():
    async def refuse(server, requests, context):
        error = agent_pb2.ErrorEvent(code="AUDIO", message="use another rate")
        await context.write(agent_pb2.ConverseResponse(error=error))
        await server.end(context, agent_pb2.END_REASON_ERROR)
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "AUDIO")

    async with serving(refuse) as (_, url):
        with pytest.raises(CallError, match="use another rate") as caught:
            async with connect(url):
                pass
    assert caught.value.code == "AUDIO"


async def test_a_server_that_is_away_for_a_moment_is_tried_again():
    async def shy(server, requests, context):
        if server.calls < 3:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "starting")
        await polite(server, requests, context)

    async with serving(shy) as (server, url), connect(url):
        pass
    assert server.calls == 3


async def test_nobody_there():
    with pytest.raises(CallError, match="talkover serve") as caught:
        async with connect("127.0.0.1:9"):
            pass
    assert caught.value.code == "UNREACHABLE"
    assert not call_tasks()


async def test_a_server_that_does_not_answer_in_time():
    async def slow(server, requests, context):
        await asyncio.sleep(30)

    async with serving(slow) as (server, url):
        with pytest.raises(CallError) as caught:
            async with connect(url, timeout=0.3):
                pass
        assert caught.value.code == "TIMEOUT"
        async with asyncio.timeout(2):
            await server.cancelled.wait()


async def test_a_call_that_breaks_is_not_resumed_and_keeps_what_was_said():
    async def die(server, requests, context):
        await server.open(requests, context)
        await context.write(turn("caller_started"))
        await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    async with serving(die) as (server, url), connect(url) as call:
        assert isinstance(await anext(call), Started)
        assert isinstance(await anext(call), Turn)
        for _ in range(2):  # it stays broken
            with pytest.raises(CallError) as caught:
                await anext(call)
            assert caught.value.code == "LOST"
        with pytest.raises(CallError):
            await call.send_text("are you there?")
    assert server.calls == 1


async def test_an_error_of_the_session_is_raised_after_its_events():
    async def break_rule(server, requests, context):
        await server.open(requests, context)
        error = agent_pb2.ErrorEvent(code="PROTOCOL", message="one start only")
        await context.write(agent_pb2.ConverseResponse(error=error))
        await server.end(context, agent_pb2.END_REASON_ERROR)
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "PROTOCOL")

    async with serving(break_rule) as (_, url), connect(url) as call:
        kinds = [type(await anext(call)) for _ in range(3)]
        with pytest.raises(CallError, match="one start only") as caught:
            await anext(call)
    assert kinds == [Started, Problem, Ended]
    assert caught.value.code == "PROTOCOL"


@pytest.mark.parametrize("reason", [agent_pb2.END_REASON_IDLE, agent_pb2.END_REASON_SHUTDOWN])
async def test_an_end_with_a_reason_is_no_error(reason):
    async def leave(server, requests, context):
        await server.open(requests, context)
        await server.end(context, reason)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "bye")

    async with serving(leave) as (_, url), connect(url) as call:
        events = [event async for event in call]
    assert isinstance(events[-1], Ended)


async def test_a_caller_who_waits_can_give_up_waiting():
    async with serving(polite) as (server, url), connect(url) as call:
        await anext(call)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(call), 0.05)
        await call.send_text("still here")
        await call.hang_up()
        assert isinstance(await anext(call), Ended)
    assert server.kinds() == ["start", "text", "hang_up"]


async def test_a_server_that_does_not_read_holds_the_sender_back_and_nothing_breaks():
    reading = asyncio.Event()

    async def deaf(server, requests, context):
        await server.open(requests, context)
        await reading.wait()
        await server.until_hang_up(requests)
        await server.end(context)

    second = np.zeros(16_000, np.int16)
    async with serving(deaf) as (server, url), connect(url) as call:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(say(call, second, 1_000), 1)
        reading.set()
        await call.hang_up()
        async for _ in call:
            pass
    assert server.kinds()[-1] == "hang_up"
    assert len(server.received) < 200


async def test_senders_that_wait_learn_that_the_call_is_over():
    async def deaf(server, requests, context):
        await server.open(requests, context)
        await asyncio.sleep(0.5)
        await context.abort(grpc.StatusCode.INTERNAL, "broken")

    async def shout(call):
        while True:
            await call.send_audio(np.zeros(16_000, np.int16))

    async with serving(deaf) as (_, url), connect(url) as call:
        results = await asyncio.gather(*(shout(call) for _ in range(80)), return_exceptions=True)
    assert {type(r) for r in results} == {CallError}


async def test_a_reader_who_stops_reading_is_waited_for_and_loses_nothing():
    count = 3_000

    async def flood(server, requests, context):
        await server.open(requests, context)
        for number in range(count):
            await context.write(audio(bytes(640), number * 320, number * 320))
        await server.end(context)

    async with serving(flood) as (_, url), connect(url) as call:
        async with asyncio.timeout(10):
            while not call._inbox.full():
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        assert call._inbox.full()
        positions = [e.lane_position async for e in call if isinstance(e, AgentAudio)]
    assert positions == [n * 320 for n in range(count)]


async def test_leaving_with_everything_unread_is_quick():
    async def flood(server, requests, context):
        await server.open(requests, context)
        for number in range(3_000):
            await context.write(audio(bytes(640), number * 320, number * 320))
        await server.until_hang_up(requests)
        await server.end(context)

    async with asyncio.timeout(5), serving(flood) as (server, url), connect(url):
        await asyncio.sleep(0.2)
    assert server.kinds()[-1] == "hang_up"
    assert not call_tasks()


async def test_cancelling_a_call_leaves_no_task_and_the_server_notices():
    async def talk(url, ready):
        async with connect(url) as call:
            ready.set()
            async for _ in call:
                pass

    async with serving(polite) as (server, url):
        ready = asyncio.Event()
        task = asyncio.create_task(talk(url, ready))
        await ready.wait()
        assert len(call_tasks()) == 2
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not call_tasks()
        async with asyncio.timeout(2):
            await server.cancelled.wait()
    gc.collect()


async def test_an_exception_in_the_block_comes_out_and_ends_the_call():
    async with serving(polite) as (server, url):
        with pytest.raises(ZeroDivisionError):
            async with connect(url):
                raise ZeroDivisionError
        assert not call_tasks()
        async with asyncio.timeout(2):
            await server.cancelled.wait()


async def test_another_reader_wakes_when_the_block_is_left():
    async def read(call):
        return [event async for event in call]

    async with serving(polite) as (_, url):
        async with connect(url) as call:
            reader = asyncio.create_task(read(call))
            await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            assert isinstance((await reader)[0], Started)


@pytest.mark.parametrize(
    "url", ["", "host", "http://h:1", "grpc://h", "h:99999", "grpc://h:1/path", "grpc://u@h:1"]
)
async def test_addresses_that_are_none(url):
    with pytest.raises(ConfigError, match="grpc://host:port"):
        async with connect(url):
            pass


async def test_transcribe_gives_values():
    async with serving(polite) as (_, url):
        result = await sdk.transcribe(np.zeros(1600, np.int16), url)
        assert result.text == "hello"
        assert result.hypotheses[0].words[0].confidence == 0.5
        with pytest.raises(AudioError, match="30 s"):
            await sdk.transcribe(np.zeros(31 * 16_000, np.int16), url)
        with pytest.raises(CallError, match="no audio"):
            await sdk.transcribe(np.zeros(0, np.int16), url)


async def test_status_gives_values():
    async with serving(polite) as (_, url):
        answer = await sdk.status(url)
    assert (answer.sessions, answer.max_sessions, answer.traces.delivered) == (2, 9, 3)
    with pytest.raises(CallError) as caught:
        await sdk.status("127.0.0.1:9")
    assert caught.value.code == "UNREACHABLE"
