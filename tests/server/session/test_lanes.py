"""Both lanes keep time, however audio comes and goes."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.audio import AudioFormat, Encoding, encode
from talkover.core.clock import FRAME, HOP, RATE
from talkover.core.errors import ProtocolError
from talkover.server.session.agentlane import AgentLane
from talkover.server.session.farend import FarEnd
from talkover.server.session.lane import CallerLane
from talkover.server.session.tape import Tape

PCM = AudioFormat(Encoding.PCM16, RATE)


def lane(form=PCM):
    return CallerLane(form)


def feed(caller, data, starts_at, now):
    """What judging does: it takes every hop, and keeps it."""
    hops = []
    for hop in caller.feed(data, starts_at, now):
        caller.keep(hop.pcm)
        hops.append(hop)
    return hops


def chunk(ticks, value=1):
    return encode(np.full(ticks, value, np.int16), Encoding.PCM16)


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=30))
def test_hops_do_not_depend_on_how_audio_is_cut(sizes):
    caller = lane()
    now, hops = 0, []
    for size in sizes:
        now += size
        hops += feed(caller, chunk(size), 0, now)
    assert caller.end == sum(sizes)
    assert [hop.end for hop in hops] == [HOP * n for n in range(1, sum(sizes) // HOP + 1)]


def test_the_first_chunk_anchors_the_lane_to_the_clock():
    caller = lane()
    feed(caller, chunk(FRAME), 0, 10_000)
    assert caller.end == 10_000


def test_jitter_moves_nothing_but_a_long_stall_becomes_silence():
    caller = lane()
    feed(caller, chunk(FRAME), 0, FRAME)
    feed(caller, chunk(FRAME), 0, FRAME + RATE // 2)
    assert caller.end == 2 * FRAME
    feed(caller, chunk(FRAME, 7), 0, 10 * RATE)
    assert caller.end == 10 * RATE
    assert caller.tape.cut(5 * RATE, 5 * RATE + 4).tolist() == [0, 0, 0, 0]
    assert caller.tape.cut(caller.judged - 2, caller.judged).tolist() == [7, 7]


def test_a_declared_gap_is_silence_and_going_back_is_an_error():
    caller = lane()
    feed(caller, chunk(FRAME, 5), 0, FRAME)
    feed(caller, chunk(FRAME, 6), 5 * FRAME, 6 * FRAME)
    assert caller.end == 6 * FRAME
    assert caller.tape.cut(FRAME, 5 * FRAME).any() == np.False_
    with pytest.raises(ProtocolError, match="before"):
        feed(caller, chunk(FRAME), 2 * FRAME, 7 * FRAME)
    with pytest.raises(ProtocolError, match="future"):
        feed(caller, chunk(FRAME), 100 * RATE, 8 * FRAME)


def test_a_caller_ahead_of_time_is_told_by_how_much():
    caller = lane()
    for _ in range(3):
        feed(caller, chunk(RATE), 0, RATE)
    assert caller.lead(RATE) == RATE


def test_an_hour_of_silence_costs_no_memory():
    caller = lane()
    feed(caller, chunk(FRAME), 0, FRAME)
    feed(caller, chunk(FRAME), 0, 3_600 * RATE)
    assert caller.tape.end - caller.tape.start <= 34 * RATE


@given(st.lists(st.integers(0, 500), max_size=30), st.integers(0, 3_000), st.integers(0, 900))
def test_a_tape_gives_back_what_was_put_on_it(sizes, start, length):
    tape = Tape(1.0)
    whole = np.arange(1, sum(sizes) + 1).astype(np.int16)
    at = 0
    for size in sizes:
        tape.append(whole[at : at + size])
        at += size
    expected = np.zeros(length, np.int16)
    stop = min(start + length, len(whole))
    if start < stop:
        expected[: stop - start] = whole[start:stop]
    assert (tape.cut(start, start + length) == expected).all()


@given(
    st.lists(st.integers(0, 5_000), min_size=1, max_size=8),
    st.sampled_from([8_000, 16_000, 24_000, 48_000]),
)
def test_agent_audio_leaves_whole_and_in_frames(sizes, rate):
    agent = AgentLane(AudioFormat(Encoding.PCM16, rate), 22_050)
    agent.begin(22_050)
    agent.release()
    for size in sizes:
        agent.queue(np.ones(size, np.int16), [("word", 0, size)] if size else [])
    agent.finish()
    frames = []
    while (data := agent.pop()) is not None:
        frames.append(data)
    assert all(len(data) == rate // 50 for data in frames)
    assert agent.ledger.sent == FRAME * len(frames)
    said = sum(sizes) * RATE / 22_050
    assert said - 1 <= agent.ledger.sent <= said + FRAME + 1


def test_heard_text_is_what_was_played():
    agent = AgentLane(PCM, RATE)
    agent.begin(RATE)
    agent.release()
    agent.queue(np.ones(3 * FRAME, np.int16), [("one", 0, FRAME), ("two", FRAME, 3 * FRAME)])
    agent.finish()
    agent.pop()
    assert agent.ledger.heard_text() == "one"
    agent.pop()
    agent.pop()
    assert agent.ledger.heard_text() == "one two"
    agent.ledger.report(FRAME)
    assert agent.ledger.heard_text() == "one", "a report is truer than what was sent"
    agent.ledger.report(100 * FRAME)
    assert agent.ledger.played == agent.ledger.sent, "nobody hears what was not sent"


@given(st.lists(st.integers(0, 2_000), max_size=12), st.integers(0, 60))
def test_heard_is_always_a_prefix_of_said(lengths, frames):
    agent = AgentLane(PCM, RATE)
    agent.begin(RATE)
    agent.release()
    for number, length in enumerate(lengths):
        agent.queue(np.ones(length, np.int16), [(f"w{number}", 0, length)])
    agent.finish()
    for _ in range(frames):
        agent.pop()
    heard, said = agent.ledger.heard_text().split(), agent.ledger.said_text().split()
    assert said[: len(heard)] == heard


def test_a_hum_is_soft_and_no_part_of_any_reply():
    agent = AgentLane(PCM, RATE)
    agent.hum(np.full(3 * FRAME, 1_000, np.int16), RATE)
    assert spoken(agent) == [500.0] * 3
    assert agent.ledger.said_text() == ""
    agent.hum(np.full(3 * FRAME, 1_000, np.int16), RATE)
    agent.begin(RATE)
    assert agent.drained, "a reply takes its place"


def test_a_cut_reply_leaves_nothing_behind():
    agent = AgentLane(PCM, 22_050)
    agent.begin(22_050)
    agent.release()
    agent.queue(np.ones(50_000, np.int16), [("word", 0, 50_000)])
    agent.pop()
    agent.clear()
    assert agent.pop() is None
    agent.finish()
    assert agent.pop() is None


def spoken(agent):
    """Frames that leave, as float levels."""
    found = []
    while (frame := agent.pop()) is not None:
        found.append(np.abs(frame).mean())
    return found


def speaking(seconds=1.0, words=10):
    """An agent in mid-reply: ten words of 0.1 s."""
    agent = AgentLane(PCM, RATE)
    agent.begin(RATE)
    size = round(seconds * RATE) // words
    for number in range(words):
        level = 1_000 + number
        agent.queue(np.full(size, level, np.int16), [(f"w{number}", 0, size)])
    agent.finish()
    return agent


def test_nothing_of_a_held_reply_leaves():
    agent = speaking()
    assert agent.pop() is None
    assert not agent.drained
    agent.release()
    assert len(spoken(agent)) == 50


def test_a_ducked_agent_is_12_db_down_within_a_frame_and_comes_back():
    agent = speaking()
    agent.release()
    assert agent.pop() is not None
    agent.duck(on=True)
    agent.pop()
    low = agent.pop().mean()
    assert low == pytest.approx(250, abs=5)
    agent.duck(on=False)
    assert spoken(agent)[3] == pytest.approx(1_000, abs=10)


async def has_room(agent):
    """Whether more speech may be made at once."""
    try:
        async with asyncio.timeout(0.01):
            await agent.room()
    except TimeoutError:
        return False
    return True


async def test_a_ducked_agent_makes_no_more_speech_than_it_needs_soon():
    agent = speaking(seconds=2.0)
    agent.release()
    assert await has_room(agent)
    agent.duck(on=True)
    assert not await has_room(agent)
    agent.duck(on=False)
    assert await has_room(agent)
    agent.duck(on=True)
    while agent.waiting > RATE:
        agent.pop()
    assert await has_room(agent), "a second is left, which must not run out"


def test_a_reply_resumes_at_the_word_that_was_not_heard():
    agent = speaking()
    agent.release()
    for _ in range(23):  # 0.46 s: the fifth word has its middle at 0.45 s
        agent.pop()
    agent.stop()
    assert agent.pop() is None
    agent.ledger.report(21 * FRAME)  # the caller's buffer held two frames: 0.42 s were heard
    assert agent.ledger.heard_text() == "w0 w1 w2 w3"
    moved, first = agent.resume()
    assert [word.text for word in moved] == ["w4", "w5", "w6", "w7", "w8", "w9"]
    assert first == 4
    assert moved[0].start == 23 * FRAME
    levels = spoken(agent)
    assert len(levels) == 30
    assert levels[4] == pytest.approx(1_004, abs=1), "the word begins again"
    assert agent.ledger.said_text().split() == [f"w{n}" for n in range(10)]
    assert agent.ledger.heard_text().split() == [f"w{n}" for n in range(4)]
    agent.ledger.report(agent.ledger.sent)
    assert agent.ledger.played_of_reply() == 50 * FRAME


@given(st.integers(0, 49), st.integers(0, 49), st.integers(0, 49))
def test_however_often_it_is_stopped_every_word_is_heard_once(first, heard, second):
    agent = speaking()
    agent.release()
    for count, played in ((first, heard), (second, 50)):
        for _ in range(count):
            agent.pop()
        agent.stop()
        agent.ledger.report(min(played * FRAME, agent.ledger.sent))
        before = agent.ledger.heard_text().split()
        agent.resume()
        assert agent.ledger.heard_text().split()[: len(before)] == before
    spoken(agent)
    agent.ledger.report(agent.ledger.sent)
    assert agent.ledger.heard_text().split() == [f"w{n}" for n in range(10)]


def test_what_the_agent_said_is_found_at_the_time_it_left():
    far = FarEnd(PCM)
    assert far.cut(0, HOP) is None
    for number in range(5):
        far.put(RATE + number * FRAME, np.full(FRAME, number + 1, np.int16))
    assert far.cut(RATE + FRAME - 1, RATE + FRAME + 1).tolist() == [1, 2]
    assert far.cut(RATE - 2, RATE + 1).tolist() == [0, 0, 1]
    far.put(3 * RATE, np.full(FRAME, 9, np.int16))
    assert far.cut(3 * RATE - 1, 3 * RATE + 1).tolist() == [0, 9]
    assert far.cut(9 * RATE, 9 * RATE + HOP) is None
