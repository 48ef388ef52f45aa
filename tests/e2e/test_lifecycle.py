"""What a server survives, and how it ends: a real one with real weights and a real Redis."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import numpy as np
import psutil
import pytest
import redis
from grpc_health.v1 import health_pb2, health_pb2_grpc
from live_server import free_port, start_server, stop_server

from talkover.client import (
    Call,
    CallError,
    Ended,
    EndReason,
    Turn,
    TurnKind,
    connect,
    promote_bundle,
    status,
    watch_generations,
)
from talkover.core.audio import read_wav
from talkover.core.clock import RATE
from talkover.core.records import SessionEvent, TurnRecord
from talkover.core.traces.streams import EVENTS, TURNS
from talkover.server.traces.redis_server import default_url

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]


@pytest.fixture
def own_server(bundle, tmp_path):
    """A server that the test may hurt."""
    live = start_server(tmp_path, bundle)
    yield live
    if live.process.poll() is None:
        stop_server(live)


def redis_process(server) -> psutil.Process:
    """The Redis that the server started."""
    children = psutil.Process(server.process.pid).children(recursive=True)
    (found,) = [child for child in children if any("valkey" in part for part in child.cmdline())]
    return found


def connected_redis(server) -> "redis.Redis":
    return redis.Redis.from_url(default_url(server.data_dir), socket_timeout=5, protocol=2)


def entries(server, stream: str) -> list[bytes]:
    answer: Any = connected_redis(server).xrange(stream)
    return [fields[b"record"] for _, fields in answer]


def turns_of(server, session: str) -> list[TurnRecord]:
    records = [TurnRecord.parse(data) for data in entries(server, TURNS)]
    return [record for record in records if record.session == session]


@contextlib.contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(CallError) as caught:
        yield
    assert caught.value.code == code


async def one_turn(call: Call, text: str) -> None:
    """Type a turn and listen to the end of its answer."""
    await call.send_text(text)
    await until(call, TurnKind.AGENT_FINISHED)


async def until(call: Call, kind: TurnKind) -> None:
    async with asyncio.timeout(60):
        async for event in call:
            if isinstance(event, Turn) and event.kind is kind:
                return


async def delivered(server) -> None:
    """Wait until nothing is left in the spool."""
    async with asyncio.timeout(60):
        while True:
            traces = (await status(server.url)).traces
            if traces.connected and traces.spooled == 0:
                return
            await asyncio.sleep(0.2)


async def test_a_redis_killed_in_mid_call_loses_no_turn(own_server, prompts):
    """Killed while a turn is heard, while one is answered, and right after one was written."""
    pcm = read_wav(prompts[200].path, rate=RATE)
    async with connect(own_server.url, consent=True) as call:
        await one_turn(call, "Good morning!")
        await call.send_text("Who are you?")
        await until(call, TurnKind.AGENT_STARTED)
        redis_process(own_server).kill()
        await until(call, TurnKind.AGENT_FINISHED)
        await one_turn(call, "What can you do?")
        await delivered(own_server)
        redis_process(own_server).kill()
        speaking = asyncio.create_task(speak(call, pcm))
        await until(call, TurnKind.AGENT_FINISHED)
        speaking.cancel()
        session = call.session_id
        await call.hang_up()
    await delivered(own_server)
    turns = turns_of(own_server, session)
    assert [turn.turn for turn in turns] == [0, 1, 2, 3]
    assert all(turn.text and turn.heard for turn in turns)
    events = [SessionEvent.parse(data) for data in entries(own_server, EVENTS + session)]
    assert [event.seq for event in events] == list(
        range(events[0].seq, events[0].seq + len(events))
    )


async def speak(call: Call, pcm: np.ndarray) -> None:
    """Send a recording at the pace it was spoken, and silence after it."""
    padded = np.concatenate([pcm, np.zeros(RATE * 30, np.int16)])
    for first in range(0, len(padded), 320):
        await call.send_audio(padded[first : first + 320])
        await asyncio.sleep(0.02)


async def test_a_killed_server_comes_back_with_its_turns(own_server, bundle):
    async with connect(own_server.url) as call:
        await one_turn(call, "Good morning!")
        session = call.session_id
        await delivered(own_server)
        own_server.process.kill()
        own_server.process.wait()
        with pytest.raises(CallError):
            async for _ in call:
                pass
    again = start_server(own_server.data_dir.parent, bundle)
    try:
        assert [turn.turn for turn in turns_of(again, session)] == [0]
        async with connect(again.url) as call:
            await one_turn(call, "Good evening!")
            session = call.session_id
        await delivered(again)
        assert [turn.turn for turn in turns_of(again, session)] == [0]
    finally:
        assert stop_server(again) == 0


async def test_a_server_that_goes_down_lets_the_turn_finish(own_server, bundle):
    async with connect(own_server.url) as call:
        await call.send_text("Tell me something nice.")
        await until(call, TurnKind.AGENT_STARTED)
        own_server.process.send_signal(signal.SIGTERM)
        await until(call, TurnKind.AGENT_FINISHED)
        ended = [event async for event in call if isinstance(event, Ended)]
        session = call.session_id
    assert [event.reason for event in ended] == [EndReason.SHUTDOWN]
    assert own_server.process.wait(timeout=30) == 0
    assert not [
        p
        for p in psutil.process_iter(["cmdline"])
        if str(own_server.data_dir) in " ".join(p.info["cmdline"] or ())
    ]
    again = start_server(own_server.data_dir.parent, bundle)
    assert [turn.turn for turn in turns_of(again, session)] == [0]
    assert stop_server(again) == 0


async def test_new_callers_are_sent_away_while_it_goes_down(own_server):
    async with connect(own_server.url) as call:
        await call.send_text("Tell me a story about the sea and the wind.")
        await until(call, TurnKind.AGENT_STARTED)
        own_server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        with grpc.insecure_channel(own_server.url) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
        with refused("FULL"):
            async with connect(own_server.url):
                pass
        await call.hang_up()


async def test_a_full_server_says_so(bundle, tmp_path):
    live = start_server(tmp_path, bundle, TALKOVER_SERVER__MAX_SESSIONS="1")
    try:
        async with connect(live.url) as call:
            with refused("FULL"):
                async with connect(live.url):
                    pass
            await one_turn(call, "Hello!")
        async with httpx.AsyncClient(timeout=10) as http:
            metrics = (await http.get(live.http + "/metrics")).text
        assert 'talkover_sessions_total{transport="grpc"} 1.0' in metrics
        assert 'talkover_refused_total{code="FULL"} 1.0' in metrics
    finally:
        stop_server(live)


async def test_beyond_loopback_a_token_is_made_up_and_needed(bundle, tmp_path):
    live = start_server(tmp_path, bundle, "--host", "0.0.0.0")
    try:
        printed = live.log.read_text()
        token = printed.split("Callers need this token:")[1].split()[0]
        with refused("TOKEN"):
            async with connect(live.url):
                pass
        with refused("TOKEN"):
            await status(live.url, token="wrong")
        with refused("TOKEN"):
            await promote_bundle(bundle.name, live.url, token="wrong")
        with refused("TOKEN"):
            await anext(aiter(watch_generations(live.url)))
        async with connect(live.url, token=token) as call:
            await one_turn(call, "Hello!")
    finally:
        stop_server(live)


def test_one_data_folder_serves_one_server(own_server):
    second = subprocess.run(
        [
            *(sys.executable, "-m", "talkover.core.cli", "serve", "--port", str(free_port())),
            *("--data-dir", str(own_server.data_dir)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "--data-dir" in second.stderr
    assert "Traceback" not in second.stderr


def test_starting_again_takes_seconds(own_server, bundle):
    stop_server(own_server)
    begin = time.monotonic()
    again = start_server(own_server.data_dir.parent, bundle)
    assert time.monotonic() - begin < 30
    stop_server(again)
