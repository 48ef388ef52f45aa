"""Both lanes keep time, however audio comes and goes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.audio import AudioFormat, Encoding, encode
from talkover.core.clock import FRAME, HOP, RATE
from talkover.core.errors import ProtocolError
from talkover.server.session.agentlane import AgentLane
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
    agent.begin()
    for size in sizes:
        agent.queue(np.ones(size, np.int16), [("word", 0, size)] if size else [])
    agent.finish()
    frames = []
    while (data := agent.pop()) is not None:
        frames.append(data)
    assert all(len(data) == rate // 50 * 2 for data in frames)
    assert agent.ledger.sent == FRAME * len(frames)
    said = sum(sizes) * RATE / 22_050
    assert said - 1 <= agent.ledger.sent <= said + FRAME + 1


def test_heard_text_is_what_was_played():
    agent = AgentLane(PCM, RATE)
    agent.begin()
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
    agent.begin()
    for number, length in enumerate(lengths):
        agent.queue(np.ones(length, np.int16), [(f"w{number}", 0, length)])
    agent.finish()
    for _ in range(frames):
        agent.pop()
    heard, said = agent.ledger.heard_text().split(), agent.ledger.said_text().split()
    assert said[: len(heard)] == heard


def test_a_cut_reply_leaves_nothing_behind():
    agent = AgentLane(PCM, 22_050)
    agent.begin()
    agent.queue(np.ones(50_000, np.int16), [("word", 0, 50_000)])
    agent.pop()
    agent.clear()
    assert agent.pop() is None
    agent.finish()
    assert agent.pop() is None
