"""The loudspeaker model: what comes out, in which order, when."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.client.player import Player
from talkover.core.audio import DUCKED, faded
from talkover.core.clock import RATE

RATES = (8_000, 16_000, 24_000, 48_000)


class Feed:
    """Numbers samples 1, 2, 3, ... so that each can be recognised when it comes out."""

    def __init__(self, player: Player, rate: int) -> None:
        self.player = player
        self.frame = rate // 50
        self.sent = 0  # frames
        self.media = 0

    def push(self, *, jump: bool = False) -> None:
        self.media += 3_200 if jump else 0
        first = self.sent * self.frame + 1
        pcm = np.arange(first, first + self.frame).astype(np.int16)
        self.player.push(pcm, lane_position=self.sent * 320, starts_at=self.media)
        self.sent += 1
        self.media += 320


STEPS = st.lists(st.sampled_from(["push", "push", "jump", "play", "play", "flush"]), max_size=60)


@given(steps=STEPS, rate=st.sampled_from(RATES))
def test_each_sample_comes_out_at_most_once_in_order_and_never_after_a_flush(steps, rate):
    player = Player(rate)
    feed = Feed(player, rate)
    out: list[np.ndarray] = []
    flushed = 0  # samples that must not come out any more, if they have not yet
    reports = [player.played]
    for step in steps:
        if step in {"push", "jump"}:
            feed.push(jump=step == "jump")
        elif step == "flush":
            waiting = player.waiting
            assert player.flush() == waiting
            assert player.waiting == 0
            flushed = feed.sent * feed.frame
        else:
            frame = player.play()
            assert frame.shape == (feed.frame,)
            heard = frame[frame != 0]
            assert (heard > flushed).all()
            out.append(heard)
        reports.append(player.played)
    heard = np.concatenate([*out, np.zeros(0, np.int16)]).astype(int)
    assert (np.diff(heard) > 0).all()
    assert reports == sorted(reports)
    assert reports[-1] <= feed.sent * 320
    # What is said to have been played is the last sample that came out, and the spans tell all.
    assert reports[-1] == (int(heard[-1]) * 16_000 // rate if len(heard) else 0)
    assert sum(s.ticks for s in player.spans) == len(heard) * 16_000 // rate


@given(steps=STEPS)
def test_spans_say_which_sample_came_out_when(steps):
    player = Player()
    feed = Feed(player, 16_000)
    tape = []
    for step in steps:
        if step in {"push", "jump"}:
            feed.push(jump=step == "jump")
        elif step == "flush":
            player.flush()
        else:
            tape.append(player.play())
    heard = np.concatenate([*tape, np.zeros(0, np.int16)])
    rebuilt = np.zeros_like(heard)
    for span in player.spans:
        ids = np.arange(span.lane_position + 1, span.lane_position + span.ticks + 1)
        rebuilt[span.heard_at : span.heard_at + span.ticks] = ids
    assert (rebuilt == heard).all()


def test_a_reply_waits_for_its_prebuffer_and_then_flows():
    player = Player(prebuffer=0.04)
    feed = Feed(player, 16_000)
    feed.push()
    assert not player.play().any()
    feed.push()
    assert player.play()[0] == 1
    feed.push()
    assert player.play()[0] == 321
    assert player.play()[0] == 641
    assert player.underruns == 0


def test_a_lone_frame_comes_out_though_nothing_follows():
    player = Player(prebuffer=0.04)
    Feed(player, 16_000).push()
    assert [bool(player.play().any()) for _ in range(4)] == [False, False, True, False]


def test_audio_that_is_late_is_an_underrun_and_the_end_of_a_reply_is_none():
    player = Player()
    feed = Feed(player, 16_000)
    for _ in range(2):
        feed.push()
    for _ in range(3):
        player.play()
    assert player.underruns == 0
    feed.push()  # the reply was not over
    assert player.underruns == 1
    for _ in range(5):
        player.play()
    feed.push(jump=True)
    assert player.underruns == 1


def test_what_comes_after_a_flush_is_a_new_stretch_and_the_flushed_is_passed_over():
    player = Player(prebuffer=0.02)
    player.push(np.full(640, 1, np.int16), lane_position=0, starts_at=0)
    player.play()
    assert player.flush() == 320
    assert player.played == 320
    player.play()
    player.push(np.full(320, 2, np.int16), lane_position=640, starts_at=16_000)
    assert (player.play() == 2).all()
    assert player.played == 960
    assert [(s.lane_position, s.ticks) for s in player.spans] == [(0, 320), (640, 320)]
    assert player.underruns == 0


def test_what_waits_is_ducked_with_what_follows():
    player = Player(RATE)
    steady = np.full(320, 8_000, np.int16)
    for media in (0, 320, 640):
        player.push(steady, lane_position=media, starts_at=media)
    assert (player.play() == 8_000).all()
    player.duck()
    player.push(faded(steady, 1.0, DUCKED), lane_position=960, starts_at=960)
    player.push((steady * DUCKED).astype(np.int16), lane_position=1_280, starts_at=1_280)
    first, *rest = (player.play() for _ in range(4))
    assert first[0] == 8_000
    assert (np.diff(first) <= 0).all()
    assert np.abs(np.concatenate([first[-1:], *rest]).astype(int) - 2_000).max() <= 4


def test_a_duck_with_nothing_waiting_leaves_what_comes_alone():
    player = Player(RATE)
    player.duck()
    player.push(np.full(320, 8_000, np.int16), lane_position=0, starts_at=0)
    assert max(player.play().max() for _ in range(3)) == 8_000
    player.push(np.full(320, 8_000, np.int16), lane_position=320, starts_at=320)
    player.duck()
    player.flush()
    player.push(np.full(320, 8_000, np.int16), lane_position=640, starts_at=640)
    assert (np.concatenate([player.play() for _ in range(3)])[-320:] == 8_000).all()


def test_audio_that_comes_just_in_time_is_no_underrun():
    player = Player(prebuffer=0.02)
    feed = Feed(player, 16_000)
    for first in (1, 321, 641):
        feed.push()
        assert player.play()[0] == first
        assert player.waiting == 0
    assert player.underruns == 0


def test_a_new_stretch_does_not_start_inside_the_frame_that_ends_the_last():
    player = Player(prebuffer=0.0)
    player.push(np.full(100, 1, np.int16), lane_position=0, starts_at=0)
    player.push(np.full(320, 2, np.int16), lane_position=100, starts_at=5_000)
    first, second = player.play(), player.play()
    assert (first[:100] == 1).all()
    assert not first[100:].any()
    assert (second == 2).all()


def test_a_server_that_does_not_pace_cannot_fill_our_memory():
    player = Player()
    feed = Feed(player, 16_000)
    for _ in range(600):
        feed.push()
    assert player.waiting == 160_000
    assert player.dropped == 100 * 320


@pytest.mark.parametrize("rate", RATES)
def test_the_clock_counts_silence_too(rate):
    player = Player(rate)
    for _ in range(50):
        player.play()
    assert player.now == 16_000
    assert player.played == 0
    assert player.spans == ()
