"""Real calls: a real server with real weights, recordings of a real person, over real gRPC."""

import asyncio
import os
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from talkover.client import (
    AgentAudio,
    AgentText,
    AudioFormat,
    Encoding,
    Ended,
    EndReason,
    Started,
    Transcript,
    Truncation,
    Turn,
    TurnKind,
    connect,
    status,
    transcribe,
)
from talkover.client.bench import measure
from talkover.client.bench.caller import CallRecord, Target, place_call
from talkover.client.script import AfterReply, At, IntoReply, Line
from talkover.core.audio import read_wav
from talkover.core.clock import RATE, samples
from talkover.core.traces.connecting import connect as redis_connect
from talkover.server.replay import Call, replay
from talkover.server.traces.reading import session_events
from talkover.server.traces.redis_server import default_url

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

PASSWORD = "Please enter your password followed by the pound key."
CONFERENCE = "You are currently the only person in this conference."
SLACK = samples(0.3)
"""Ticks by which the caller's clock and the session's may differ: a message's way, and a frame."""


@pytest.fixture(scope="module")
def recording(prompts):
    """The path of the recording of a text."""

    def find(text: str):
        for prompt in prompts:
            if prompt.text.strip() == text:
                return prompt.path
        pytest.skip(f"there is no recording of: {text}")

    return find


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


def kinds(events) -> list[TurnKind]:
    return [event.kind for event in events if isinstance(event, Turn)]


def target(server, encoding=Encoding.PCM16, rate=RATE) -> Target:
    return Target(server.url, token=server.token, audio=AudioFormat(encoding, rate))


def call_about_password(server, recording, folder, encoding, rate) -> CallRecord:
    line = Line(read_wav(recording(PASSWORD), rate=rate), At(0.5), "password")
    form = target(server, encoding, rate)
    return asyncio.run(place_call(form, [line], folder / "call.wav"))


@pytest.fixture(scope="module")
def record(server, recording, tmp_path_factory) -> CallRecord:
    """One call of a person at 16 kHz, for all who look at it."""
    folder = tmp_path_factory.mktemp("call")
    return call_about_password(server, recording, folder, Encoding.PCM16, RATE)


def test_a_person_is_understood_and_answered_out_loud(record):
    check_conversation(record)


def test_so_is_one_on_the_telephone(server, recording, tmp_path):
    check_conversation(call_about_password(server, recording, tmp_path, Encoding.MULAW, 8_000))


def check_conversation(record: CallRecord) -> None:
    rate = record.rate
    assert words(record.transcript) >= {"please", "enter", "password", "followed", "pound", "key"}
    answer = measure.exchange(
        measure.sound_spans(record.caller, rate),
        measure.sound_spans(record.agent, rate),
        record.lines[0],
    )
    assert answer is not None
    assert answer.gap is not None
    assert not answer.interrupted
    assert measure.voice_seconds(record.agent, rate) > 0.3
    changes = kinds(record.events)
    expected = [TurnKind.CALLER_STARTED, TurnKind.CALLER_ENDED, TurnKind.AGENT_STARTED]
    assert [kind for kind in changes if kind in expected] == expected
    assert changes[-1] is TurnKind.AGENT_FINISHED
    ended = record.events[-1]
    assert isinstance(ended, Ended)
    assert ended.reason is EndReason.HANG_UP

    # The right channel has what arrived: all of it.
    arrived = np.concatenate([frame.pcm for frame in record.frames])
    assert np.count_nonzero(record.agent) == np.count_nonzero(arrived)


def test_words_have_times_inside_the_utterance(record):
    (final,) = [e for e in record.events if isinstance(e, Transcript) and e.final]
    (said,) = record.said
    (started,) = [e for e in record.events if isinstance(e, Started)]
    assert final.bundle_id == started.bundle_id
    assert final.language == "en"
    assert 0.3 < final.confidence <= 1
    assert len(final.words) >= 8
    times = [time for word in final.words for time in (word.starts_at, word.ends_at)]
    assert times == sorted(times)
    # The decoder may look at one frame for two short words: one of them then begins as it ends.
    assert sum(word.starts_at < word.ends_at for word in final.words) >= len(final.words) - 1
    assert said.starts_at - SLACK <= final.words[0].starts_at
    assert final.words[-1].ends_at <= said.ends_at + SLACK
    assert final.starts_at <= times[0]
    # "password" lies where the recording has it: in its middle, not at an edge.
    (password,) = [w for w in final.words if "password" in w.text.lower()]
    assert said.starts_at < password.starts_at < password.ends_at < said.ends_at


def test_agent_words_cover_the_agents_audio(record):
    said = [word for e in record.events if isinstance(e, AgentText) for word in e.words]
    assert said
    assert all(a.starts_at <= b.starts_at for a, b in pairwise(said))
    positions = [frame.lane_position for frame in record.frames]
    assert positions == [320 * n for n in range(len(positions))]
    starts = [e.lane_position for e in record.events if isinstance(e, AgentText)]
    assert 0 <= starts[0] < RATE // 2  # a voice breathes before it speaks
    assert starts == sorted(starts)
    assert starts[-1] < positions[-1]


async def test_a_conversation_of_two_turns(server, recording, tmp_path):
    lines = [
        Line(read_wav(recording(CONFERENCE), rate=RATE), At(0.5)),
        Line(read_wav(recording(PASSWORD), rate=RATE), AfterReply(0.5)),
    ]
    record = await place_call(target(server), lines, tmp_path / "call.wav")
    finals = {e.turn: words(e.text) for e in record.events if isinstance(e, Transcript) and e.final}
    assert sorted(finals) == [0, 1]
    assert finals[0] >= {"conference", "person"}
    assert finals[1] >= {"password", "key"}
    assert kinds(record.events).count(TurnKind.AGENT_FINISHED) == 2
    assert TurnKind.BARGE_IN not in kinds(record.events)


async def test_typed_text_is_answered(server):
    async with connect(server.url, token=server.token) as call:
        await call.send_text("Hello! What is your name?")
        heard = 0
        said: list[str] = []
        async with asyncio.timeout(60):
            async for event in call:
                if isinstance(event, AgentAudio):
                    heard += int(np.abs(event.pcm.astype(int)).max() > 500)
                elif isinstance(event, AgentText):
                    said += [word.text for word in event.words]
                elif isinstance(event, Turn) and event.kind is TurnKind.AGENT_FINISHED:
                    break
    assert said
    assert heard > 10


async def test_the_button_stops_the_agent(server):
    for _ in range(5):  # what it answers is drawn, and may be too short to be cut
        said, frames, frames_after, truncation = await press_the_button(server)
        if len(said) > 4:
            break
    assert frames == frames_after  # nothing comes after the stop
    assert frames < 20 + 25
    heard = truncation.heard_text.split()
    assert heard == said[: len(heard)]
    assert len(heard) < len(said)


async def press_the_button(server) -> tuple[list[str], int, int, Truncation]:
    """Words of the reply, frames until the truncation and until the stop, and the truncation."""
    said: list[str] = []
    frames = frames_after = 0
    async with connect(server.url, token=server.token) as call, asyncio.timeout(60):
        await call.send_text("Tell me a long story about a dog, a cat and the sea.")
        async for event in call:
            if isinstance(event, AgentText):
                said += [part for word in event.words for part in word.text.split()]
            elif isinstance(event, AgentAudio):
                frames += 1
                if frames == 20:
                    await call.interrupt()
            elif isinstance(event, Truncation):
                return said, frames, frames_after, event
            elif isinstance(event, Turn) and event.kind is TurnKind.BARGE_IN:
                frames_after = frames
    pytest.fail("the button did nothing")


async def test_a_voice_over_the_agent_stops_it_and_is_answered(server, recording, tmp_path):
    story = Line(read_wav(recording(CONFERENCE), rate=RATE), At(0.5))
    over = Line(read_wav(recording(PASSWORD), rate=RATE), IntoReply(0.4))
    record = await place_call(target(server), [story, over], tmp_path / "call.wav")
    changes = kinds(record.events)
    if TurnKind.BARGE_IN not in changes:
        pytest.skip("the first answer was too short to be talked over")
    begin, end = record.lines[1].start, record.lines[1].end
    agent = measure.sound_spans(record.agent, record.rate, merge=0.1)
    # It yields within a second and a half, is quiet while the caller speaks, and then answers.
    assert not [s for s in agent if s.end > begin + 1.5 and s.start < end]
    assert [s for s in agent if s.start >= end]
    assert "password" in words(record.transcript)
    cut = [e for e in record.events if isinstance(e, Truncation)]
    assert len(cut) == 1
    assert 0 < cut[0].played < record.frames[-1].lane_position


async def test_two_callers_at_once_are_not_mixed_up(server, recording, tmp_path):
    texts = (CONFERENCE, PASSWORD)
    calls = [
        place_call(
            target(server),
            [Line(read_wav(recording(text), rate=RATE), At(0.5))],
            tmp_path / f"{number}.wav",
        )
        for number, text in enumerate(texts)
    ]
    first, second = await asyncio.gather(*calls)
    assert words(first.transcript) >= {"conference", "person"}
    assert words(second.transcript) >= {"password", "pound"}
    assert "password" not in words(first.transcript)
    assert measure.voice_seconds(first.agent, RATE) > 0.3
    assert measure.voice_seconds(second.agent, RATE) > 0.3


async def test_one_utterance_without_a_conversation(server, recording):
    pcm = read_wav(recording(PASSWORD), rate=RATE)
    answer = await transcribe(pcm, server.url, token=server.token, n_best=3)
    assert words(answer.text) >= {"please", "enter", "password", "pound", "key"}
    assert 1 <= len(answer.hypotheses) <= 3
    assert answer.hypotheses[0].text == answer.text
    assert all(h.log_probability < 0 for h in answer.hypotheses)
    assert len({h.text for h in answer.hypotheses}) == len(answer.hypotheses)
    best = answer.hypotheses[0].words
    assert 0 <= best[0].starts_at < best[-1].ends_at <= len(pcm)
    assert answer.language == "en"


async def test_nobody_speaks_and_nobody_is_answered(server, tmp_path):
    line = Line(np.zeros(RATE, np.int16), At(0.0))
    record = await place_call(target(server), [line], tmp_path / "call.wav", patience=2)
    assert record.transcript == ""
    assert not record.frames
    assert TurnKind.CALLER_STARTED not in kinds(record.events)


async def test_the_server_says_how_it_is(server):
    async with connect(server.url, token=server.token) as call:
        during = await status(server.url, token=server.token)
        assert during.sessions >= 1
        assert during.bundle_id
        assert call.session_id
    after = await status(server.url, token=server.token)
    assert after.sessions == during.sessions - 1
    assert not after.draining


def test_the_trace_of_a_call_replays_to_the_tick(server, record):
    (started,) = [event for event in record.events if isinstance(event, Started)]
    (ended,) = [event for event in record.events if isinstance(event, Ended)]
    assert ended.reason is EndReason.HANG_UP
    client = redis_connect(default_url(server.data_dir))
    call = Call.read(session_events(client, started.session_id))
    told = [tell.change.value for tell in call.told]
    assert told[: len(kinds(record.events))] == [kind.value for kind in kinds(record.events)]
    assert replay(call).same


def test_every_call_in_the_traces_is_replayed_at_once(server, record):
    environment = {**os.environ, "TALKOVER_DATA_DIR": str(server.data_dir)}
    command = (sys.executable, "-m", "talkover.core.cli", "replay")
    done = subprocess.run(
        [*command, "--all"], capture_output=True, text=True, env=environment, check=False
    )
    same, total = map(int, re.search(r"(\d+) of (\d+) calls took", done.stdout).groups())
    assert (same, done.returncode) == (total, 0)
    assert total >= 1
    wrong = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert wrong.returncode == 2
    assert "--all" in wrong.stderr
