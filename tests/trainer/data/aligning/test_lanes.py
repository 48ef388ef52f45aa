"""Lanes on one clock, and what does not belong together."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import DataError
from talkover.trainer.data.aligning.collate import Collator, collate
from talkover.trainer.data.aligning.lanes import (
    Item,
    Picture,
    check,
    item_of,
    pictures_by_frame,
)
from talkover.trainer.data.aligning.practice import at_level, heard_in
from talkover.trainer.data.aligning.skew import lag_of
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.timing import TimedPhone, TimedWord

SKEW = 640
"""40 ms."""
EVERY = 3_200
"""Samples between pictures: five a second."""


def picture(at, stamp=None, size=(2, 3)):
    stamp = round(at * 90_000 / RATE) if stamp is None else stamp
    return Picture(at, stamp, np.full((*size, 3), at // EVERY % 250, np.uint8))


def item(count=RATE, **others):
    word = TimedWord(
        "so", 1_600, 4_800, (TimedPhone("s", 1_600, 3_200), TimedPhone("oʊ", 3_200, 4_800))
    )
    pictures = tuple(picture(at) for at in range(0, count, EVERY))
    plain = Item("call-7", np.zeros(count, np.float32), (word,), None, pictures)
    return replace(plain, **others)


def test_lanes_that_belong_together_pass():
    check(item())
    check(item(agent=np.zeros(RATE + FRAME, np.float32)))
    check(item(words=(), pictures=()))
    check(item(origin=90_000, pictures=(picture(0, 90_000), picture(EVERY, 108_000))))


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"caller": np.zeros(0, np.float32), "words": (), "pictures": ()}, "caller lane: no sound"),
        ({"caller": np.full(RATE, np.nan, np.float32)}, "caller lane"),
        ({"agent": np.zeros(RATE + SKEW, np.float32)}, "agent lane: 40 ms longer"),
        ({"agent": np.zeros(RATE - SKEW, np.float32)}, "agent lane: 40 ms shorter"),
        ({"words": (TimedWord("a", 900, 800, ()),)}, "words lane: times that go back"),
        ({"words": (TimedWord("a", -320, 800, ()),)}, "words lane: 20 ms outside"),
        ({"words": (TimedWord("a", 0, RATE + 640, ()),)}, "words lane: 40 ms outside"),
        (
            {"words": (TimedWord("a", 0, 800, (TimedPhone("a", 100, 800),)),)},
            "sounds lane: times that go back, or leave their word",
        ),
        ({"pictures": (picture(EVERY), picture(0))}, "video lane: times that stand still or go"),
        ({"pictures": (picture(2 * RATE),)}, "video lane: 1000 ms outside"),
    ],
)
def test_lanes_that_do_not_are_named(broken, fault):
    with pytest.raises(DataError, match=f"call-7: {fault}"):
        check(item(**broken))


@pytest.mark.parametrize(("skew", "told"), [(SKEW, "40 ms late"), (-SKEW, "40 ms early")])
def test_a_video_clock_that_is_off_by_40_ms_is_refused(skew, told):
    ticks = [round(at * 90_000 / RATE) for at in range(EVERY, RATE, EVERY)]
    pictures = tuple(
        picture(at + skew, stamp)
        for at, stamp in zip(range(EVERY, RATE, EVERY), ticks, strict=True)
    )
    with pytest.raises(DataError, match=f"call-7: video lane: {told} by its camera's clock"):
        check(item(pictures=pictures))


def test_a_video_clock_that_runs_too_fast_is_refused():
    pictures = tuple(
        picture(at, round(at * 0.995 * 90_000 / RATE)) for at in range(0, 10 * RATE, EVERY)
    )
    with pytest.raises(DataError, match="late by its camera's clock"):
        check(item(10 * RATE, pictures=pictures))


def test_the_nearest_picture_belongs_to_a_frame_and_a_stale_one_to_none():
    pictures = [picture(at) for at in (0, 640, 1_280, 6_400)]
    found = pictures_by_frame(pictures, 24)
    assert found[:5].tolist() == [0, 1, 1, 2, 2]
    assert found[19:22].tolist() == [3, 3, -1]
    assert (found[6:18] == -1).all()


@given(st.lists(st.integers(0, 20_000), max_size=12, unique=True).map(sorted), st.integers(0, 60))
def test_no_frame_has_a_picture_that_is_not_the_nearest(at, count):
    found = pictures_by_frame([picture(a) for a in at], count)
    for frame, place in enumerate(found):
        middle = frame * FRAME + FRAME // 2
        if place >= 0:
            assert abs(at[place] - middle) == min(abs(a - middle) for a in at)


def test_a_batch_is_padded_and_masked(said):
    first, second = item(), item_of(Made(said[0], said[0].pcm))
    batch = collate([first, second])
    longest = len(second.caller)
    assert batch.caller.shape == batch.agent.shape == batch.heard.shape == (2, longest)
    assert batch.heard.sum(dim=1).tolist() == [RATE, longest]
    assert batch.words[0, 0].tolist() == [1_600, 4_800]
    assert batch.worded.sum(dim=1).tolist() == [1, len(second.words)]
    assert batch.symbols[0] == ("s", "oʊ")
    assert batch.sounded.sum(dim=1).tolist() == [2, sum(len(w.phones) for w in second.words)]
    assert batch.pictures.shape == (2, 5, 2, 3, 3)
    assert batch.seen.shape == (2, longest // FRAME)
    assert batch.seen[0, :12].tolist() == [0, 0, 0, 0, 0, *[1] * 7]
    assert (batch.seen[1] == -1).all()
    assert not batch.caller[0, RATE:].any()
    assert np.array_equal(batch.caller[1].numpy(), second.caller)


def test_pictures_of_two_sizes_are_refused():
    other = item(pictures=(picture(0, size=(4, 4)),))
    with pytest.raises(DataError, match="scale them to one size"):
        collate([item(), other])


def test_lanes_without_skew_pass_in_quiet_and_under_noise(aligner, quiet_recipe, said):
    noisy = at_level(quiet_recipe, 10.0)
    items = [item_of(Made(one, heard_in(noisy, said, place))) for place, one in enumerate(said)]
    batch = Collator(aligner)([*(item_of(Made(one, one.pcm)) for one in said), *items])
    assert len(batch.names) == 2 * len(said)


@pytest.mark.parametrize(("skew", "told"), [(SKEW, "late"), (-SKEW, "early")])
def test_words_that_are_off_by_40_ms_are_refused(aligner, quiet_recipe, said, skew, told):
    collator, noisy = Collator(aligner), at_level(quiet_recipe, 10.0)
    for place, one in enumerate(said):
        late = replace(one, words=tuple(word.later(skew) for word in one.words))
        fault = f"{one.name}: words lane: [345]. ms {told} by what"
        for pcm in (one.pcm, heard_in(noisy, said, place)):
            with pytest.raises(DataError, match=fault):
                collator([item_of(Made(late, pcm))])


def test_a_lag_is_told_as_it_is_and_nothing_of_nothing(aligner, said):
    heard = aligner.hear(said[0].pcm)
    for late in (-1_600, 0, 480, 3_200):
        lag = lag_of(aligner, heard, [word.later(late) for word in said[0].words])
        assert lag.samples == pytest.approx(late, abs=200)
    assert lag_of(aligner, heard, []) is None
    assert lag_of(aligner, heard[:0], said[0].words) is None
