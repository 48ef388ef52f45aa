"""Real calls as a browser makes them: a real server, a person's recordings, over real WebRTC.

What HTTP alone can show (bad offers, tokens, a full server) is in ``test_http``.
"""

import asyncio
import os
import random
import re
import signal
import sys
import time

import httpx
import numpy as np
import pytest
from live_server import start_server, stop_server

from talkover.client import (
    AgentText,
    CallError,
    Ended,
    EndReason,
    Started,
    Transcript,
    Truncation,
    Turn,
    TurnKind,
    connect,
    status,
)
from talkover.client.bench import measure
from talkover.client.bench.load_worker import Job
from talkover.client.webrtc import RATE, WebRtcCall, media_ticks, opus_packets, webrtc_call
from talkover.core.audio import read_wav
from talkover.core.clock import FRAME

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.bundle,
    pytest.mark.slow,
    pytest.mark.skipif(
        "TALKOVER_LONG" not in os.environ, reason="takes two minutes: TALKOVER_LONG=1"
    ),
]

PASSWORD = "Please enter your password followed by the pound key."
CONFERENCE = "You are currently the only person in this conference."
STORY = "Tell me a long story about a dog, a cat and the wide blue sea."


@pytest.fixture(scope="module")
def recording(prompts):
    """The recording of a text, at the rate of WebRTC calls."""

    def find(text: str) -> np.ndarray:
        for prompt in prompts:
            if prompt.text.strip() == text:
                return read_wav(prompt.path, rate=RATE)
        pytest.skip(f"there is no recording of: {text}")

    return find


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def transcript(call: WebRtcCall) -> set[str]:
    return words(" ".join(e.text for e in call.events if isinstance(e, Transcript) and e.final))


async def until(call: WebRtcCall, kind: TurnKind) -> None:
    async with asyncio.timeout(60):
        async for event in call:
            if isinstance(event, Turn) and event.kind is kind:
                return
    pytest.fail(f"the call ended before {kind}")


async def one_turn(call: WebRtcCall, text: str = "Hello there!") -> None:
    call.send_text(text)
    await until(call, TurnKind.AGENT_FINISHED)


async def failure(call: WebRtcCall, messages: list[str | bytes]) -> str:
    """Send messages, and return the code that the call ends with."""
    try:
        async with asyncio.timeout(30):
            for message in messages:
                call.send_raw(message)
            async for _ in call:
                pass
    except CallError as error:
        return error.code
    return "none"


async def empty(server) -> None:
    """Wait until nobody is on the line."""
    async with asyncio.timeout(30):
        while (await status(server.url)).sessions:
            await asyncio.sleep(0.1)


async def test_a_person_is_understood_and_answered_out_loud(server, recording):
    async with webrtc_call(server.http, languages=["en"]) as call:
        await asyncio.sleep(0.5)
        await call.send_audio(recording(PASSWORD))
        await until(call, TurnKind.AGENT_FINISHED)
        await asyncio.sleep(0.3)
        assert transcript(call) >= {"please", "enter", "password", "followed", "pound", "key"}
        assert isinstance(call.events[0], Started)
        assert call.events[0].audio.rate == RATE
        pcm = call.agent_pcm()
    assert measure.voice_seconds(pcm, RATE) > 0.3
    ended = call.events[-1]
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.HANG_UP


async def test_rtp_timestamps_are_media_times(server):
    """The page knows from them which word is heard."""
    async with webrtc_call(server.http) as call:
        await asyncio.sleep(1.0)
        await one_turn(call, "Who are you?")
        await asyncio.sleep(0.3)
        first = next(e for e in call.events if isinstance(e, AgentText))
        finished = call.events[-1].at
        # The packet before any reply tells the server where its timestamps begin.
        times = [call.media_time(packet) for packet in call.packets]
        spoken = [at for at in times if at > 0]
        assert times[0] == 0
        began = first.words[0].starts_at - first.lane_position
        assert abs(spoken[0] - began) <= FRAME
        assert spoken[-1] <= finished + FRAME
        # The first word sounds when it is said to: to its breath, and a frame.
        pcm = call.agent_pcm()
    loud = measure.sound_spans(pcm, RATE)[0].start * 16_000
    assert abs(loud - first.words[0].starts_at) < 0.15 * 16_000


def test_rtp_timestamps_wrap():
    assert media_ticks(5, (1 << 32) - 955) == FRAME


async def test_a_voice_over_the_agent_stops_it_and_is_answered(server, recording):
    async with webrtc_call(server.http, reports_playout=True) as call:
        for _ in range(5):  # what it answers is drawn, and may be too short to be cut
            call.send_text(STORY)
            await until(call, TurnKind.AGENT_STARTED)
            await asyncio.sleep(0.4)
            speaking = asyncio.create_task(call.send_audio(recording(PASSWORD)))
            async for event in call:
                if isinstance(event, Turn) and event.kind is TurnKind.BARGE_IN:
                    call.report_playout(4_000)
                    break
                if isinstance(event, Turn) and event.kind is TurnKind.CALLER_ENDED:
                    break
            await speaking
            await until(call, TurnKind.AGENT_FINISHED)
            if any(isinstance(e, Truncation) for e in call.events):
                break
        cuts = [e for e in call.events if isinstance(e, Truncation)]
        assert len(cuts) == 1
        assert cuts[0].played == 4_000
        stop = next(e for e in call.events if isinstance(e, Turn) and e.kind is TurnKind.BARGE_IN)
        again = [
            e.received
            for e in call.events
            if isinstance(e, Turn) and e.kind is TurnKind.AGENT_STARTED
        ]
        after = min(at for at in again if at > stop.received)
        stray = [p for p in call.packets if stop.received + 0.1 < p.received < after - 0.1]
        assert not stray
        assert "password" in transcript(call)


async def test_a_call_can_be_deleted(server):
    await empty(server)
    async with webrtc_call(server.http) as call:
        assert (await status(server.url)).sessions == 1
        async with httpx.AsyncClient() as http:
            assert (await http.delete(call.resource)).status_code == 200
            ended = [event async for event in call if isinstance(event, Ended)]
            assert [event.reason for event in ended] == [EndReason.HANG_UP]
            await empty(server)
            assert (await http.delete(call.resource)).status_code == 404


async def test_callers_who_vanish_without_a_word_are_forgotten(server):
    """Their process is killed: no goodbye of any layer is sent."""
    await empty(server)
    job = Job(
        transport="webrtc",
        address=server.http,
        token=None,
        starts=(0.0, 0.1),
        begin=0,
        end=60,
        talking=False,
        seed=0,
        nice=0,
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "talkover.client.bench.load_worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    process.stdin.write(f"{job.to_json()}\ngo\n".encode())
    async with asyncio.timeout(30):
        while (await status(server.url)).sessions < 2:
            await asyncio.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    killed = time.monotonic()
    await empty(server)
    assert time.monotonic() - killed < 20
    async with webrtc_call(server.http) as call:
        await one_turn(call)


@pytest.mark.parametrize(
    "message",
    ['{"text": {"text": "' + "x" * 1_900 + '"}}', '{"interrupt": {}}'],
    ids=["text", "button"],
)
async def test_a_flood_of_messages_harms_nobody_else(server, message):
    async with webrtc_call(server.http) as other:
        other.send_text(STORY)
        await until(other, TurnKind.AGENT_STARTED)
        async with webrtc_call(server.http) as call:
            # The goodbye itself may drown in the flood.
            assert await failure(call, [message] * 3_000) in ("BUSY", "LOST")
        await until(other, TurnKind.AGENT_FINISHED)
        await one_turn(other)
    await empty(server)


@pytest.mark.parametrize(
    "message",
    [b"\x00\xff", "{", "[]", '{"audio": {"data": "AAAA"}}', "x" * 40_000, '{"start": {}}'],
    ids=["binary", "half", "list", "media", "long", "again"],
)
async def test_a_message_against_the_rules_ends_the_call_with_a_code(server, message):
    async with webrtc_call(server.http) as call:
        assert await failure(call, [message]) == "PROTOCOL"


async def test_packets_that_are_no_opus_do_no_harm(server, recording):
    """Between the words and instead of silence; the words are still understood."""
    noise = random.Random(3)

    def junk(count: int) -> list[bytes]:
        return [noise.randbytes(noise.choice((1, 2, 7, 80, 400, 1_100))) for _ in range(count)]

    spoken = opus_packets(recording(PASSWORD))
    async with webrtc_call(server.http) as call:
        await call.send_packets([b"\xff" * 3, b"\x03", *junk(5)])
        await call.send_packets(opus_packets(np.zeros(RATE, np.int16)))
        await call.send_packets(spoken)
        await until(call, TurnKind.AGENT_FINISHED)
        assert transcript(call) >= {"password", "followed", "pound", "key"}
        await call.send_packets(junk(100))
        await call.spoken()
        await one_turn(call)


async def test_a_caller_beside_noise_gets_a_steady_voice(server):
    """Lateness of the agent's packets against their own grid, as a browser's player sees them."""
    async with webrtc_call(server.http) as call:
        await one_turn(call, STORY)
        arrivals = [(call.media_time(p), p.received) for p in call.packets]
    late = measure.grid_lateness(arrivals)
    print(f"WebRTC playout lateness p99 {1e3 * np.percentile(late, 99):.1f} ms of {len(late)}")
    assert np.percentile(late, 90) < 0.04


async def test_one_line_serves_grpc_or_a_browser(bundle, tmp_path):
    live = start_server(tmp_path, bundle, TALKOVER_SERVER__MAX_SESSIONS="1")
    try:
        async with webrtc_call(live.http) as call:
            with pytest.raises(CallError) as caught:
                async with webrtc_call(live.http):
                    pass
            assert caught.value.code == "FULL"
            with pytest.raises(CallError) as caught:
                async with connect(live.url):
                    pass
            assert caught.value.code == "FULL"
            await one_turn(call)
        await empty(live)
        async with connect(live.url):
            with pytest.raises(CallError) as caught:
                async with webrtc_call(live.http):
                    pass
            assert caught.value.code == "FULL"
    finally:
        assert stop_server(live) == 0


async def test_a_server_that_goes_down_ends_browsers_calls(bundle, tmp_path):
    live = start_server(tmp_path, bundle)
    async with webrtc_call(live.http) as call:
        await one_turn(call)
        live.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            ended = [event async for event in call if isinstance(event, Ended)]
        assert [event.reason for event in ended] == [EndReason.SHUTDOWN]
    assert stop_server(live) == 0


async def test_nobody_there_is_told_so():
    with pytest.raises(CallError) as caught:
        async with webrtc_call("http://127.0.0.1:9"):
            pass
    assert caught.value.code == "UNREACHABLE"
