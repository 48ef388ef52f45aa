"""Both speak: what stops the agent and what does not, with an endpoint that tells long stories."""

import asyncio
import contextlib
import shutil
import subprocess
import threading

import numpy as np
import pytest
from live_server import start_server, stop_server

from talkover.client import Started, Truncation, Turn, TurnKind
from talkover.client.bench import measure
from talkover.client.bench.caller import Target, place_call
from talkover.client.bench.duplex.stories import instructions, storyteller
from talkover.client.script import At, IntoReply, Line
from talkover.core.audio import read_wav
from talkover.core.clock import RATE, samples
from talkover.core.traces.connecting import connect
from talkover.server.replay import Call, replay
from talkover.server.traces.reading import session_events
from talkover.server.traces.redis_server import default_url

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

OPENING = "You are currently the only person in this conference."
SENTENCE = "Please enter your password followed by the pound key."


@contextlib.contextmanager
def stories():
    """The endpoint, on a loop of its own; gives its URL."""
    loop = asyncio.new_event_loop()
    running = threading.Thread(target=loop.run_forever)
    running.start()
    told = storyteller()
    try:
        yield asyncio.run_coroutine_threadsafe(told.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(told.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        running.join()
        loop.close()


@pytest.fixture(scope="module")
def server(bundle, tmp_path_factory):
    with stories() as url:
        live = start_server(tmp_path_factory.mktemp("server"), bundle, "--brain-url", url)
        yield live
        stop_server(live)


@pytest.fixture(scope="module")
def recorded(prompts):
    def find(text):
        path = next((p.path for p in prompts if p.text.strip() == text), None)
        if path is None:
            pytest.skip(f"there is no recording of: {text}")
        return read_wav(path, rate=RATE)

    return find


@pytest.fixture
def over(server, recorded, tmp_path):
    """A call in which something sounds over a long story: its record and what the server told."""

    async def call(pcm, hang_up=3.0):
        lines = [Line(recorded(OPENING), At(0.5)), Line(pcm, IntoReply(2.0))]
        target = Target(server.url, instructions=instructions("long", 1))
        end = At(0.5 + len(lines[0].pcm) / RATE + 4.5 + len(pcm) / RATE + hang_up)
        record = await place_call(target, lines, tmp_path / "call.wav", end=end)
        assert len(record.said) == 2, "the agent never spoke"
        began = record.said[1].starts_at
        told = [e for e in record.events if isinstance(e, Turn) and e.at >= began]
        return record, [event.kind for event in told]

    return call


async def test_a_real_interruption_stops_the_agent(over, recorded):
    record, told = await over(recorded(SENTENCE), hang_up=5.0)
    assert told.index(TurnKind.DUCKED) < told.index(TurnKind.BARGE_IN)
    begin, end = record.lines[1].start, record.lines[1].end
    spans = measure.sound_spans(record.agent, record.rate, merge=0.1)
    assert not [s for s in spans if s.end > begin + 1.5 and s.start < end]
    (cut,) = [e for e in record.events if isinstance(e, Truncation)]
    assert cut.heard_text
    assert "password" in record.transcript.lower()


async def test_a_noise_does_not_stop_it(over):
    noise = np.random.default_rng(0).normal(0, 3_000, samples(0.4)).astype(np.int16)
    _, told = await over(noise)
    assert TurnKind.BARGE_IN not in told


@pytest.fixture
def okay(tmp_path):
    if shutil.which("espeak-ng") is None:
        pytest.skip("no espeak-ng; `sh scripts/test_setup.sh` says why")
    path = tmp_path / "okay.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", path, "okay"], check=True)
    return read_wav(path, rate=RATE)


async def test_a_backchannel_does_not_take_the_floor(over, okay):
    _, told = await over(okay)
    assert told.count(TurnKind.BARGE_IN) <= told.count(TurnKind.RESUMED)
    assert TurnKind.CALLER_ENDED not in told


async def test_such_a_call_replays_to_the_tick(over, recorded, server):
    record, _ = await over(recorded(SENTENCE))
    (started,) = [event for event in record.events if isinstance(event, Started)]
    events = session_events(connect(default_url(server.data_dir)), started.session_id)
    call = Call.read(events)
    assert {"ducked", "barge_in"} <= {tell.change.value for tell in call.told}
    assert replay(call).same
