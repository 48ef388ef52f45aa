"""A whole caller against a scripted server: the clock, the cues, the two channels."""

import asyncio
import time

import numpy as np
import pytest
import soundfile

from talkover.client import (
    AudioFormat,
    CallError,
    Encoding,
    Ended,
    Truncation,
    Turn,
    TurnKind,
    connect,
)
from talkover.client.floor import Floor
from talkover.client.phone import Phone, Scripted
from talkover.client.record import Recorder
from talkover.client.script import AfterReply, At, IntoReply, Line, Script
from talkover.core.clock import FRAME
from talkover.v1 import agent_pb2

from .scripted import audio, serving, turn

SPEECH = np.full(1_600, 1_000, np.int16)  # 0.1 s at 16 kHz


def answering(replies: int, frames: int = 10):
    """A server that answers each 0.1 s of the caller's noise with paced frames of 2,000."""

    async def conversation(server, requests, context):
        await server.open(requests, context)
        position = 0
        media = 0
        for number in range(replies):
            loud = 0
            while loud < 5:
                request = await server.take(requests)
                if request is None or request.WhichOneof("message") == "hang_up":
                    await server.end(context)
                    return
                if request.WhichOneof("message") == "audio":
                    media += 320
                    loud += any(request.audio.data)
                if loud == 1:
                    await context.write(turn("caller_started", media, number))
            await context.write(turn("caller_ended", media, number))
            await asyncio.sleep(0.05)
            await context.write(turn("agent_started", media, number))
            began = time.monotonic()
            for frame in range(frames):
                await asyncio.sleep(max(0.0, began + frame * 0.02 - time.monotonic()))
                await context.write(
                    audio(b"\xd0\x07" * 320, 1_000_000 * number + frame * 320, position)
                )
                position += 320
            await context.write(turn("agent_finished", media, number))
        await server.until_hang_up(requests)
        await server.end(context)

    return conversation


async def run(url, path, lines, **script):
    events = []
    async with connect(url, reports_playout=True) as call:
        voice = Scripted(Script(lines, **script))
        recorder = Recorder(path)
        phone = Phone(call, voice, recorder=recorder, observers=[events.append])
        try:
            await phone.talk()
        finally:
            recorder.close()
    recording, _ = soundfile.read(path, dtype="int16")
    return recording, events, voice, phone


def starts(channel: np.ndarray) -> list[int]:
    loud = np.concatenate([[False], channel != 0])
    return np.flatnonzero(np.diff(loud.astype(int)) == 1).tolist()


async def test_two_lines_each_answered_before_the_next(tmp_path):
    async with serving(answering(2)) as (server, url):
        lines = [Line(SPEECH, At(0.1), "one"), Line(SPEECH, AfterReply(0.1), "two")]
        recording, events, voice, phone = await run(
            url, tmp_path / "a.wav", lines, end=AfterReply(0.1)
        )
    left, right = recording[:, 0], recording[:, 1]
    said = voice.script.said
    assert [(s.name, s.starts_at) for s in said] == [("one", 1_600), ("two", said[1].starts_at)]
    assert starts(left) == [s.starts_at for s in said]
    first, second = starts(right)
    assert said[0].ends_at < first < said[1].starts_at < said[1].ends_at < second
    # A frame that came late on a busy machine sounds late.
    assert said[1].starts_at - (first + 3_200) >= 1_600 - 2 * FRAME
    assert [s.heard_at for s in phone.player.spans] == [first, second]
    assert phone.player.underruns == 0
    assert isinstance(events[-1], Ended)
    reports = [r.playout.played for r in server.received if r.WhichOneof("message") == "playout"]
    assert reports == sorted(set(reports))
    assert reports[-1] == 20 * 320


async def test_the_clock_does_not_drift(tmp_path):
    async with serving(answering(0)) as (_, url):
        began = time.monotonic()
        recording, *_ = await run(url, tmp_path / "a.wav", [], end=AfterReply(1.5))
        took = time.monotonic() - began
    assert len(recording) / 16_000 == pytest.approx(1.5, abs=0.041)
    assert took - len(recording) / 16_000 < 0.3


async def test_a_line_into_the_reply_overlaps_it(tmp_path):
    async with serving(answering(1, frames=40)) as (_, url):
        lines = [Line(SPEECH, At(0.0)), Line(SPEECH, IntoReply(0.2))]
        recording, *_ = await run(url, tmp_path / "a.wav", lines, end=AfterReply(0.1), patience=1)
    first = starts(recording[:, 1])[0]
    assert starts(recording[:, 0])[1] == pytest.approx(first + 3_200, abs=320)


async def test_hanging_up_once_enough_of_a_reply_was_heard_or_it_was_shorter(tmp_path):
    for frames, heard in ((100, 0.5), (10, 0.2)):
        async with serving(answering(1, frames=frames)) as (_, url):
            lines = [Line(SPEECH, At(0.0))]
            recording, *_ = await run(url, tmp_path / "a.wav", lines, end=IntoReply(0.5))
        seconds = (recording[:, 1] != 0).sum() / 16_000
        assert seconds == pytest.approx(heard, abs=0.061)
        assert len(recording) / 16_000 < 0.1 + heard + 0.6


async def test_barge_in_empties_the_loudspeaker_and_is_reported(tmp_path):
    async def burst(server, requests, context):
        await server.open(requests, context)
        await context.write(turn("agent_started"))
        for frame in range(100):
            await context.write(audio(b"\xd0\x07" * 320, frame * 320, frame * 320))
        while not any(r.WhichOneof("message") == "playout" for r in server.received):
            await server.take(requests)
        await context.write(turn("barge_in"))
        cut = agent_pb2.Truncation(heard_text="", played=0)
        await context.write(agent_pb2.ConverseResponse(truncation=cut))
        await server.until_hang_up(requests)
        await server.end(context)

    async with serving(burst) as (server, url):
        recording, _, _, phone = await run(url, tmp_path / "a.wav", [], end=AfterReply(0.3))
    heard = int((recording[:, 1] != 0).sum())
    assert 0 < heard < 100 * 320 / 2
    reports = [r.playout.played for r in server.received if r.WhichOneof("message") == "playout"]
    assert heard <= reports[-1] == phone.player.played <= heard + 320


async def test_a_false_interruption_is_no_end_and_the_rest_comes_out(tmp_path):
    async def coughed_at(server, requests, context):
        await server.open(requests, context)
        await context.write(turn("agent_started"))
        for frame in range(5):  # the first three words, and one that is thrown away
            await context.write(audio(b"\xd0\x07" * 320, frame * 320, frame * 320))
        while not any(r.WhichOneof("message") == "playout" for r in server.received):
            await server.take(requests)
        for kind, number in [("caller_started", 1), ("overlap", 1), ("ducked", 0), ("barge_in", 0)]:
            await context.write(turn(kind, turn=number))
        before = len(server.received)
        while len(server.received) < before + 30:  # 0.6 s: longer than the script waits
            await server.take(requests)
        await context.write(turn("false_start", turn=1))
        await context.write(turn("resumed"))
        for frame in range(5):
            await context.write(audio(b"\xb8\x0b" * 320, 20_000 + frame * 320, (5 + frame) * 320))
        await context.write(turn("agent_finished"))
        await server.until_hang_up(requests)
        await server.end(context)

    async with serving(coughed_at) as (server, url):
        recording, _, _, phone = await run(url, tmp_path / "a.wav", [], end=AfterReply(0.3))
    right = recording[:, 1]
    assert 0 < (right == 2_000).sum() <= 5 * 320
    assert (right == 3_000).sum() == 5 * 320
    assert phone.floor.replies == 1
    reports = [r.playout.played for r in server.received if r.WhichOneof("message") == "playout"]
    assert reports == sorted(reports)
    assert reports[-1] == 10 * 320
    assert phone.player.underruns == 0


async def test_nobody_answers_and_patience_ends(tmp_path):
    async with serving(answering(0)) as (_, url):
        lines = [Line(SPEECH, At(0.0))]
        recording, *_ = await run(url, tmp_path / "a.wav", lines, patience=0.4)
    assert len(recording) / 16_000 == pytest.approx(0.5, abs=0.06)


async def test_a_script_ends_at_its_limit(tmp_path):
    async with serving(answering(0)) as (_, url):
        recording, *_ = await run(url, tmp_path / "a.wav", [], end=AfterReply(60), limit=0.3)
    assert len(recording) / 16_000 == pytest.approx(0.3, abs=0.041)


async def test_a_break_in_mid_call_is_told_and_the_recording_is_kept(tmp_path):
    async def die(server, requests, context):
        await server.open(requests, context)
        for _ in range(10):
            await server.take(requests)
        raise RuntimeError("the scripted server dies")

    path = tmp_path / "a.wav"
    async with serving(die) as (_, url):
        with pytest.raises(CallError):
            await run(url, path, [Line(np.tile(SPEECH, 50), At(0.0))])
    kept, _ = soundfile.read(path, dtype="int16")
    assert len(kept) >= 10 * 320
    assert not [t for t in asyncio.all_tasks() if t.get_name().startswith("talkover-")]


async def test_the_server_hangs_up_first(tmp_path):
    async def idle(server, requests, context):
        await server.open(requests, context)
        for _ in range(5):
            await server.take(requests)
        await server.end(context, agent_pb2.END_REASON_IDLE)

    async with serving(idle) as (_, url):
        _, events, *_ = await run(url, tmp_path / "a.wav", [], end=AfterReply(60))
    assert isinstance(events[-1], Ended)


async def test_stop_hangs_up_politely():
    form = AudioFormat(Encoding.MULAW, 8_000)
    async with serving(answering(0)) as (server, url), connect(url, audio=form) as call:
        phone = Phone(call, Scripted(Script([], rate=8_000, end=AfterReply(60))))
        asyncio.get_running_loop().call_later(0.2, phone.stop)
        await phone.talk()
    assert server.kinds()[-1] == "hang_up"
    assert {len(r.audio.data) for r in server.received if r.WhichOneof("message") == "audio"} == {
        160
    }


def after(*kinds: str) -> Floor:
    """The floor after changes; ``truncation`` is one."""
    floor = Floor()
    for kind in kinds:
        if kind == "truncation":
            floor.event(Truncation(at=0, received=0.0, turn=0, heard_text="", played=0))
        else:
            floor.event(Turn(at=0, received=0.0, kind=TurnKind(kind), turn=0))
    return floor


SPEAKING = ("caller_started", "caller_ended", "agent_started")
OVER = (*SPEAKING, "caller_started", "overlap", "ducked")


def test_a_false_start_over_a_reply_leaves_the_agent_the_floor():
    floor = after(*OVER, "unducked", "false_start")
    assert floor.speaking
    assert not floor.settled
    floor = after(*OVER, "unducked", "false_start", "agent_finished")
    assert floor.settled
    assert floor.replies == 1


def test_a_reply_that_is_cut_off_is_over_only_when_that_is_sure():
    held = (*OVER, "barge_in")
    for kinds, speaking, settled, replies in [
        (held, False, False, 0),
        ((*held, "false_start"), False, False, 0),
        ((*held, "false_start", "resumed"), True, False, 0),
        ((*held, "false_start", "resumed", "agent_finished"), False, True, 1),
        ((*held, "truncation"), False, False, 1),  # the caller still speaks
        ((*held, "truncation", "false_start"), False, True, 1),
        ((*held, "truncation", "caller_ended"), False, False, 1),
        ((*held, "caller_ended", "truncation"), False, False, 1),  # not counted twice
        ((*SPEAKING, "barge_in"), False, False, 0),  # a button
        ((*SPEAKING, "barge_in", "truncation"), False, True, 1),
    ]:
        floor = after(*kinds)
        assert (floor.speaking, floor.settled, floor.replies) == (speaking, settled, replies), kinds
