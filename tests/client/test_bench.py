"""The benches, on a server whose delays and mistakes are known."""

import asyncio
import json
import math

import numpy as np
import pytest
from rich.console import Console

from talkover.client import Transcript
from talkover.client.bench import latency, recognition
from talkover.client.bench.caller import CallRecord, Target
from talkover.client.bench.running import Failed, choose_prompts, run_all
from talkover.core.audio import read_wav
from talkover.core.audio.prompts import find_prompts
from talkover.core.errors import CallError
from talkover.v1 import agent_pb2

from .scripted import audio, serving, turn

QUIET = Console(quiet=True)
DELAY = 0.6  # seconds of the caller's silence after which the scripted server answers


@pytest.fixture
def recordings():
    found = find_prompts("en")
    if not found:
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    return {prompt.name: prompt for prompt in found}


def patient(answer: np.ndarray, *, late: float = 0.0):
    """Answers with a recording when the caller has been silent for long enough."""

    async def conversation(server, requests, context):
        await server.open(requests, context)
        quiet, loud = 0.0, 0
        while loud < 10 or quiet < DELAY - 0.001:
            request = await server.take(requests)
            if request.WhichOneof("message") == "audio":
                level = np.abs(np.frombuffer(request.audio.data, "<i2").astype(int)).max()
                quiet = 0.0 if level > 300 else quiet + 0.02
                loud += level > 300
            if loud == 10:
                loud += 1
                await context.write(turn("caller_started"))
        await context.write(turn("caller_ended"))
        await context.write(turn("agent_started"))
        timings = agent_pb2.ReplyTimings(end_of_turn=0.1, first_audio=0.5)
        await context.write(agent_pb2.ConverseResponse(timings=timings))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for frame in range(len(answer) // 320):
            data = answer[frame * 320 : frame * 320 + 320].tobytes()
            wait = began + frame * 0.02 + (late if frame % 10 == 5 else 0.0) - loop.time()
            await asyncio.sleep(max(0.0, wait))
            await context.write(audio(data, frame * 320, frame * 320))
        await context.write(turn("agent_finished"))
        await server.until_hang_up(requests)
        await server.end(context)

    return conversation


def speech(recordings) -> np.ndarray:
    """Of a voice that begins at once."""
    pcm = read_wav(recordings["auth-thankyou"].path)
    return pcm[int(np.flatnonzero(np.abs(pcm.astype(int)) > 300)[0]) :]


async def test_the_gap_is_what_a_caller_hears(recordings, tmp_path):
    async with serving(patient(speech(recordings), late=0.015)) as (_, url):
        calls, failed = await latency.run_latency(
            Target(url), calls=2, seed=1, folder=tmp_path, parallel=2, console=QUIET
        )
    assert not failed
    assert len(list(tmp_path.glob("*.wav"))) == 2
    for call in calls:
        # The server's own wait, the loudspeaker's prebuffer and the frames on the way; its
        # threshold is louder than the bench's, so it may find the caller silent a little sooner.
        assert call.gap == pytest.approx(DELAY + 0.06, abs=0.12)
        assert call.voiced_gap == pytest.approx(call.gap, abs=0.25)
        assert not call.interrupted
        assert call.stages["first_audio"] == 0.5
        assert np.percentile(call.late, 50) < 0.01
        assert np.percentile(call.late, 95) > 0.01
    rows = {row.name: row for row in latency.summarise(calls, failed)}
    assert rows["reply gap p50"].met
    assert not rows["playout lateness p99"].met
    assert rows["calls answered"].value == 100
    assert rows["stage end of turn p50"].value == pytest.approx(0.1)


def test_an_unanswered_or_failed_call_misses_the_bar():
    silent = latency.LatencyCall("a", None, None, False, (), 0, {}, ())
    good = latency.LatencyCall("b", 1.0, 1.0, False, (0.0, 0.001), 0, {}, ())
    rows = {r.name: r for r in latency.summarise([silent, good], [Failed("c", "FULL: later")])}
    assert rows["calls answered"].value == pytest.approx(100 / 3)
    assert not rows["calls answered"].met
    assert "FULL" in rows["calls answered"].note
    assert rows["reply gap p50"].n == 1
    empty = {r.name: r for r in latency.summarise([], [])}
    assert math.isnan(empty["reply gap p50"].value)
    assert not empty["reply gap p50"].met


def test_errors_are_counted_after_normalising_and_pooled():
    right = recognition.score(
        "a", "Press it, please. It's okay.", "press it please it is okay", 2.0
    )
    assert right.errors == 0
    wrong = recognition.score("b", "a red house here", "a read house here too", 1.0)
    silent = recognition.score("c", "a red house here", "", 0.0)
    assert (wrong.errors, wrong.words) == (2, 4)
    assert (silent.errors, silent.words) == (4, 4)
    rows = {r.name: r for r in recognition.summarise([right, wrong, silent], [])}
    words = right.words + 8
    assert rows["word error rate, pooled"].value == pytest.approx(100 * 6 / words)
    assert rows["word error rate, pooled"].n == words
    assert not rows["word error rate, pooled"].met
    assert rows["answered out loud"].value == pytest.approx(200 / 3)
    assert [call.name for call in recognition.worst([right, wrong, silent])] == ["c", "b"]
    perfect = recognition.summarise([right], [])
    assert all(row.met is not False for row in perfect)
    failed = recognition.summarise([right], [Failed("x", "LOST")])
    assert not failed[0].met


def test_the_transcript_is_the_last_word_on_each_turn():
    def final(turn_number: int, text: str, *, is_final: bool = True) -> Transcript:
        return Transcript(
            at=0,
            received=0.0,
            turn=turn_number,
            final=is_final,
            text=text,
            words=(),
            language="en",
            confidence=1.0,
            starts_at=0,
            ends_at=0,
            bundle_id="",
        )

    events = (final(0, "please"), final(0, "please wait"), final(1, "no", is_final=False))
    silence = np.zeros(0, np.int16)
    record = CallRecord(silence, silence, 16_000, (*events, final(1, "now")), (), 0, ())
    assert record.transcript == "please wait now"


async def test_one_call_that_fails_does_not_end_the_bench():
    async def good() -> int:
        return 1

    async def bad() -> int:
        raise CallError("nobody there")

    jobs = {"a": good, "b": bad, "c": good}
    results, failed = await run_all("calls", jobs, parallel=2, console=QUIET)
    assert results == {"a": 1, "c": 1}
    assert [f.name for f in failed] == ["b"]


def test_the_same_seed_draws_the_same_recordings(recordings):
    names = [p.name for p in choose_prompts(50, seed=3)]
    assert names == [p.name for p in choose_prompts(50, seed=3)]
    assert names != [p.name for p in choose_prompts(50, seed=4)]
    assert len(set(names)) == 50
    assert all(len(recordings[name].text.split()) >= 4 for name in names)


def test_the_command_writes_a_report_and_fails_when_a_bar_is_missed(tmp_path):
    from typer.testing import CliRunner

    from talkover.client.bench.cli import app

    if len(find_prompts("en")) < 50:
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
    path, page = tmp_path / "r.json", tmp_path / "r.html"
    flags = ["--calls", "1", "--url", "127.0.0.1:9", "--json", str(path), "--html", str(page)]
    result = CliRunner().invoke(app, ["recognition", *flags])
    assert result.exit_code == 1
    content = json.loads(path.read_text())
    assert content["title"] == "Recognition"
    assert content["measures"][0]["met"] is False
    assert content["calls"][0]["reason"].startswith("UNREACHABLE")
    assert "<table>" in page.read_text()
