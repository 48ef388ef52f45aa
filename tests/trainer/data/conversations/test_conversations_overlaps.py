"""Overlaps of conversations, as the overlap classifier is shown them."""

import numpy as np
import pytest

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.core.overlap.config import LABELS
from talkover.trainer.data.conversations.overlaps import overlaps
from talkover.trainer.data.conversations.render import Mix, render
from talkover.trainer.data.conversations.segments import Kind, Lane, Plan, Segment, Spoken, Who
from talkover.trainer.data.timing import TimedWord
from talkover.trainer.overlap.scenes import LENGTH, ONSET

TONE = np.sin(np.arange(8 * RATE) / 9).astype(np.float32)


def said(who, kind, start, seconds):
    count = round(seconds * RATE)
    words = (TimedWord(kind.value, 0, count, ()),)
    return Segment.at(round(start * RATE), who, kind, Spoken(TONE[:count], words, who.value))


@pytest.fixture
def plan():
    segments = (
        said(Who.CALLER, Kind.TURN, 0.0, 2.0),
        said(Who.AGENT, Kind.TURN, 2.2, 8.0),
        said(Who.CALLER, Kind.BACKCHANNEL, 4.0, 0.4),
        said(Who.BYSTANDER, Kind.SIDE_TALK, 6.0, 2.0),
        said(Who.CALLER, Kind.BACKCHANNEL, 7.0, 0.4),  # while the bystander speaks
        said(Who.CALLER, Kind.BARGE_IN, 9.5, 4.0),
        said(Who.CALLER, Kind.SIDE_TALK, 14.5, 1.0),  # while the agent is silent
    )
    return Plan(segments, 16 * RATE)


def test_each_that_can_be_noticed_is_a_scene_with_its_label(plan):
    lanes = render(plan, Mix(), np.random.default_rng(0))
    found = list(overlaps(plan, lanes, Mix()))
    assert [(one.label, one.kind) for one in found] == [
        ("backchannel", "caller"),
        ("side_talk", "bystander"),
        ("barge_in", "caller"),
    ]
    starts = [4.0, 6.0, 9.5]
    for one, start in zip(found, starts, strict=True):
        assert one.label in LABELS
        assert (one.pcm.shape, one.pcm.dtype) == ((LENGTH,), np.int16)
        assert not one.pcm[:ONSET].any()
        assert np.abs(one.pcm[ONSET : one.end]).max() > 100
        begin = round(start * RATE) - ONSET
        assert np.array_equal(one.pcm, to_int16(lanes[0, begin : begin + LENGTH]))
        assert one.agent == "turn"
        assert one.caller is not None
        assert len(one.caller) == 2 * RATE
    assert found[0].end == ONSET + round(0.4 * RATE)
    assert found[2].end == LENGTH


def test_at_the_edges_there_is_silence_and_an_echo_leaves_a_residue():
    early = (
        said(Who.AGENT, Kind.TURN, 0.0, 3.0),
        said(Who.CALLER, Kind.BARGE_IN, 0.3, 1.0),
    )
    late = [one.heard_later(1_000, 3 * RATE) for one in early if one.lane is Lane.AGENT]
    plan = Plan((*early, *late), 3 * RATE, echo=1_000)
    mix = Mix(echo=-25.0)
    (one,) = overlaps(plan, render(plan, mix, np.random.default_rng(0)), mix)
    assert one.residue == pytest.approx(0.5)
    assert one.caller is None
    assert not one.pcm[: ONSET - round(0.3 * RATE)].any()
