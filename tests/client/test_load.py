"""The load bench: its arithmetic, its talkers, its ramp, and its processes on a scripted server."""

import asyncio
import json
import math
import os
import sys
from asyncio.subprocess import DEVNULL

import numpy as np
import pytest

from talkover.client import TurnKind
from talkover.client.bench.load import Plan, Result, jobs, run_load, summarise
from talkover.client.bench.load_worker import Job
from talkover.client.bench.loadwatch import watch
from talkover.client.bench.measure import grid_lateness
from talkover.client.bench.ramp import Ramp
from talkover.client.bench.talker import PATIENCE, Piece, Talker, loud, piece
from talkover.client.bench.tally import CallReport, Tally, pooled
from talkover.core.clock import FRAME
from talkover.core.errors import CallError, ConfigError

from .scripted import polite, serving

PIECES = (Piece("a", 4, 2), Piece("b", 3, 2))


def say(talker: Talker, now: float) -> float:
    """Let it say a whole piece; when it was said."""
    while talker.next(now) is None:
        now += 0.02
    while talker.next(now + 0.02) is not None:
        now += 0.02
    return now


# Tallies


def test_a_tally_knows_shares_and_percentiles():
    tally = Tally()
    for late in (0.0, 0.001, 0.004, 0.0051, 0.0199, 0.030, -0.5):
        tally.add(late)
    assert tally.count == 7
    assert tally.share_over(0.005) == pytest.approx(3 / 7)
    assert tally.share_over(0.020) == pytest.approx(1 / 7)
    assert tally.worst == 0.030
    assert tally.percentile(50) == pytest.approx(0.004, abs=0.0002)
    assert tally.percentile(100) == 0.030


def test_nothing_has_no_percentile():
    assert math.isnan(Tally().percentile(99))
    assert math.isnan(Tally().share_over(0.005))


def test_tallies_and_reports_go_through_json():
    one, two = Tally(), Tally()
    one.add(0.010)
    two.add(0.020)
    two.add(0.020)
    report = CallReport("grpc", "broke", "LOST: x", one, two, [1.5], unanswered=2, interrupted=1)
    again = CallReport.from_json(json.loads(json.dumps(report.to_json())))
    assert again == report
    both = pooled([again.sent, again.late])
    assert both.count == 3
    assert both.worst == 0.020
    assert one.count == 1


def test_lateness_is_against_the_grid_of_each_burst():
    first = [(0, 10.0), (FRAME, 10.02), (2 * FRAME, 10.07), (3 * FRAME, 10.06)]
    second = [(90_000, 15.0), (90_000 + FRAME, 15.02)]
    assert grid_lateness(first + second) == pytest.approx([0, 0, 0.03, 0, 0, 0])
    # A burst whose first frame is late cannot hide behind it.
    assert grid_lateness([(0, 5.01), (FRAME, 5.02)]) == pytest.approx([0.01, 0])


# Talkers


def test_a_piece_ends_where_its_sound_does():
    pcm = np.zeros(16_000, np.int16)
    pcm[1_600:8_000] = 8_000 * np.sin(np.arange(6_400) / 5)
    found = piece("tone", pcm, 16_000)
    assert found.frames == 50
    assert found.last == 24  # the frame from 0.48 to 0.50 s
    assert loud(pcm[3_200:3_520])
    assert not loud(pcm[:320])


def test_a_talker_waits_for_the_answer_and_measures_it():
    talker = Talker(PIECES, begin=1.0, pause=0.5)
    assert talker.next(0.5) is None
    said = [talker.next(1.0 + 0.02 * n) for n in range(5)]
    assert said == [(0, 0), (0, 1), (0, 2), (0, 3), None]
    assert talker.waiting
    talker.turn(TurnKind.AGENT_STARTED, 2.0)
    talker.heard(2.04)
    talker.heard(2.06)
    assert not talker.waiting
    assert talker.gaps == [(pytest.approx(1.04), pytest.approx(1.0))]
    assert talker.next(2.5) is None
    talker.turn(TurnKind.AGENT_FINISHED, 3.0)
    assert talker.next(3.4) is None
    assert talker.next(3.5) == (1, 0)
    assert talker.done == 1


def test_a_talker_whom_nobody_answers_goes_on():
    talker = Talker(PIECES, begin=0.0)
    now = say(talker, 0.0)
    assert talker.next(now + PATIENCE - 1) is None
    assert not talker.unanswered
    assert talker.next(now + PATIENCE + 1) is None
    assert len(talker.unanswered) == 1
    assert talker.next(now + PATIENCE + 2) == (1, 0)


def test_an_answer_without_a_voice_is_none():
    talker = Talker(PIECES, begin=0.0)
    now = say(talker, 0.0)
    talker.turn(TurnKind.AGENT_FINISHED, now + 1)
    assert len(talker.unanswered) == 1
    assert not talker.gaps


def test_a_talker_who_is_interrupted_counts_no_gap():
    talker = Talker(PIECES, begin=0.0)
    talker.next(0.0)
    talker.turn(TurnKind.AGENT_STARTED, 0.01)
    now = say(talker, 0.02)
    talker.heard(now + 0.5)
    talker.turn(TurnKind.AGENT_FINISHED, now + 1)
    assert talker.interrupted == 1
    assert not talker.gaps
    assert not talker.unanswered


# The ramp


def climb(ramp: Ramp, gap) -> list[int]:
    tried = []
    while (talkers := ramp.next()) is not None:
        tried.append(talkers)
        ramp.tell(talkers, gap(talkers))
        assert len(tried) < 30
    return tried


def test_the_ramp_doubles_and_then_bisects():
    ramp = Ramp(64)
    tried = climb(ramp, lambda n: 1.0 if n <= 11 else 2.5)
    assert tried == [1, 2, 4, 8, 16, 12, 10, 11]
    assert (ramp.good, ramp.bad) == (11, 12)


def test_the_ramp_ends_at_its_top():
    ramp = Ramp(6)
    assert climb(ramp, lambda _: 1.0) == [1, 2, 4, 6]
    assert (ramp.good, ramp.bad) == (6, None)


@pytest.mark.parametrize("nothing", [math.nan, math.inf])
def test_a_server_that_answers_nobody_bears_nobody(nothing):
    ramp = Ramp(64)
    assert climb(ramp, lambda _: nothing) == [1]
    assert (ramp.good, ramp.bad) == (0, 1)


def test_more_talkers_who_wait_less_do_not_mend_a_load_that_was_too_much():
    ramp = Ramp(64)
    climb(ramp, lambda n: 3.0 if n == 4 else 1.0)
    assert ramp.good < 4


# Plans and reports


def test_callers_are_spread_over_processes_and_over_time():
    plan = Plan(url="x:1", page="http://x:2", grpc=120, webrtc=25, seconds=30)
    found = jobs(plan)
    assert [job.transport for job in found] == ["grpc"] * 3 + ["webrtc"] * 3 + ["probe"]
    assert sum(len(job.starts) for job in found if job.transport == "grpc") == 120
    assert sum(len(job.starts) for job in found if job.transport == "webrtc") == 25
    (begin,) = {job.begin for job in found}
    assert max(start for job in found[:-1] for start in job.starts) < begin
    probes = found[-1]
    assert probes.talking
    assert not found[0].talking
    assert probes.nice == 0 < found[0].nice
    assert [b - a for a, b in zip(probes.starts, probes.starts[1:], strict=False)] == [5.0] * 3
    assert probes.starts[-1] < probes.end - 5
    assert Job.from_json(found[0].to_json()) == found[0]
    talking = Plan(url="x:1", page="", grpc=1, talking=True)
    assert [job.transport for job in jobs(talking)] == ["grpc"]


def late(*seconds: float) -> Tally:
    tally = Tally()
    for one in seconds:
        tally.add(one)
    return tally


def test_one_late_frame_of_a_probe_misses_the_bar():
    plan = Plan(url="", page="", grpc=2)
    calls = [CallReport("grpc", "ok", sent=late(0.001)), CallReport("grpc", "ok")]
    probe = CallReport("probe", "ok", late=late(*[0.001] * 99, 0.021), gaps=[1.0])
    rows = {r.name: r for r in summarise(Result(plan=plan, calls=calls, probes=[probe]))}
    assert rows["agent frames over 20 ms late"].value == pytest.approx(1)
    assert rows["agent frames over 20 ms late"].met is False
    assert rows["sessions opened"].met
    probe.late = late(*[0.019] * 100)
    rows = {r.name: r for r in summarise(Result(plan=plan, calls=calls, probes=[probe]))}
    assert rows["agent frames over 20 ms late"].met
    assert rows["agent frames over 5 ms late"].value == 100
    assert rows["reply gap p50"].value == 1.0
    nothing = {r.name: r for r in summarise(Result(plan=plan, calls=calls))}
    assert nothing["agent frames over 20 ms late"].met is False  # no probe, no proof


def test_who_was_refused_or_broke_is_counted():
    plan = Plan(url="", page="", grpc=3, talking=True)
    calls = [
        CallReport("grpc", "ok", gaps=[1.0, 2.0]),
        CallReport("grpc", "refused", "FULL: later"),
        CallReport("grpc", "broke", "LOST: gone", unanswered=1),
    ]
    result = Result(plan=plan, calls=calls)
    rows = {r.name: r for r in summarise(result)}
    assert (rows["sessions opened"].value, rows["sessions opened"].met) == (2, False)
    assert rows["sessions refused"].value == 1
    assert "FULL" in rows["sessions refused"].note
    assert rows["sessions broken"].met is False
    assert rows["unanswered"].value == 1
    assert result.gaps == [1.0, 2.0, math.inf]


# Processes


async def test_idle_callers_are_counted_and_their_own_clock_is_told(recordings):
    async with serving(polite) as (_, url):
        result = await run_load(Plan(url=url, page="", grpc=3, seconds=2, server_pid=os.getpid()))
    assert [call.outcome for call in result.calls] == ["ok"] * 3
    sent = [call.sent.count for call in result.calls]
    # Two seconds of 20 ms; a busy machine sends fewer, and nothing sends more.
    assert all(20 <= count <= 105 for count in sent), sent
    assert result.own_cpu > 0
    assert result.usage is not None
    assert 0 < result.usage.cpu < 4
    assert result.usage.megabytes > 10


async def test_a_server_that_is_not_there_is_told_at_once():
    with pytest.raises(CallError) as caught:
        await run_load(Plan(url="127.0.0.1:9", page="", grpc=1))
    assert caught.value.code == "UNREACHABLE"


async def test_a_process_is_watched_with_its_children():
    code = "import subprocess as s, sys; s.run([sys.executable, '-c', 'while 1: pass'], timeout=8)"
    busy = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=DEVNULL)
    try:
        usage = await watch(busy.pid, 3.0)
    finally:
        await busy.wait()
    assert usage.processes == 2
    assert usage.cpu > 0.1


async def test_a_process_that_is_not_there_is_an_error():
    with pytest.raises(ConfigError, match="--server-pid"):
        await watch(2**22 + 1, 1.0)


@pytest.fixture
def recordings():
    from talkover.core.audio.prompts import find_prompts

    if not find_prompts("en"):
        pytest.skip("no recordings; `sh scripts/test_setup.sh` says why")
