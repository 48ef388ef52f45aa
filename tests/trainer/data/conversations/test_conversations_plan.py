"""Turn-taking: what was chosen comes out, and nobody speaks two things at once."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.conversations.plan import (
    plan_conversation,
    room_for_backchannels,
    take_turns,
)
from talkover.trainer.data.conversations.rates import MODE, Rates, draw_gap
from talkover.trainer.data.conversations.render import Mix, render
from talkover.trainer.data.conversations.segments import Kind, Lane, Spoken, Who
from talkover.trainer.data.timing import TimedPhone, TimedWord

SECONDS = {
    Kind.TURN: (2.0, 8.0),
    Kind.BARGE_IN: (0.4, 2.5),
    Kind.BACKCHANNEL: (0.2, 0.6),
    Kind.SIDE_TALK: (1.0, 2.5),
}


TONE = np.sin(np.arange(8 * RATE) / 9).astype(np.float32)


class Voices:
    """Stands where engines do: hums of a length that fits the kind, two words each."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def __call__(self, who, kind):
        count = int(self.random.uniform(*SECONDS[kind]) * RATE)
        tone = TONE[:count]
        middle = count // 2
        words = (
            TimedWord("one", 0, middle, (TimedPhone("w", 0, middle),)),
            TimedWord("two", middle, count, (TimedPhone("t", middle, count),)),
        )
        return Spoken(tone, words, who.value)


def plan(rates, seed):
    return plan_conversation(rates, Voices(seed), np.random.default_rng(seed))


def share_interval(chosen, count):
    """Five standard errors of a share."""
    return 5 * np.sqrt(max(chosen * (1 - chosen), 0.01) / count)


rates_of_all_kinds = st.builds(
    Rates,
    turns=st.integers(1, 14),
    overlaps=st.floats(0, 1),
    barge_ins=st.floats(0, 1),
    backchannels=st.floats(0, 30),
    agent_backchannels=st.floats(0, 30),
    side_talk=st.floats(0, 30),
    television=st.floats(0, 1),
    echo=st.floats(0, 1),
)


@settings(max_examples=40)
@given(rates_of_all_kinds, st.integers(0, 10_000))
def test_labels_lie_on_the_clock_and_nobody_speaks_two_things_at_once(rates, seed):
    made = plan(rates, seed)
    assert sum(one.kind in (Kind.TURN, Kind.BARGE_IN) for one in made.segments) == rates.turns
    assert [one.start for one in made.segments] == sorted(one.start for one in made.segments)
    for one in made.segments:
        assert 0 <= one.start < one.end <= made.length
        assert one.end - one.start <= len(one.spoken.pcm)
        assert (one.end - one.start < len(one.spoken.pcm)) == one.cut
        assert one.lane is (
            Lane.AGENT if one.who is Who.AGENT and one.kind is not Kind.ECHO else Lane.CALLER
        )
        for word in one.words:
            assert one.start <= word.start < word.end <= one.end
            assert all(word.start <= p.start < p.end <= word.end for p in word.phones)
    for who in Who:
        for echo in (False, True):
            mine = [
                one for one in made.segments if one.who is who and (one.kind is Kind.ECHO) == echo
            ]
            assert all(before.end <= after.start for before, after in pairwise(mine)), who


@settings(max_examples=8)
@given(rates_of_all_kinds, st.integers(0, 10_000))
def test_there_is_nothing_outside_of_segments_and_a_seed_makes_one_sound(rates, seed):
    made = plan(rates, seed)
    lanes = render(made, Mix(), np.random.default_rng(seed))
    assert lanes.shape == (2, made.length)
    assert lanes.dtype == np.float32
    assert np.abs(lanes).max() <= 1
    for place, lane in enumerate(Lane):
        silent = np.ones(made.length, bool)
        for one in made.on(lane):
            silent[one.start : one.end] = False
            assert np.abs(lanes[place, one.start : one.end]).max() > 1e-5, one.kind
        assert not lanes[place, silent].any()
    again = render(plan(rates, seed), Mix(), np.random.default_rng(seed))
    assert np.array_equal(again, lanes)


def test_shares_come_out_as_asked():
    for overlaps, barge_ins in ((0.3, 0.0), (0.1, 0.2), (0.45, 0.6)):
        turns = take_turns(
            Rates(turns=700, overlaps=overlaps, barge_ins=barge_ins),
            Voices(1),
            np.random.default_rng(2),
        )
        agents = [one for one in turns[:-1] if one.who is Who.AGENT]
        broken = [after for after in turns if after.kind is Kind.BARGE_IN]
        assert len(broken) / len(agents) == pytest.approx(
            barge_ins, abs=share_interval(barge_ins, len(agents))
        )
        pairs = [(a, b) for a, b in pairwise(turns) if b.kind is Kind.TURN]
        share = np.mean([b.start < a.end for a, b in pairs])
        assert share == pytest.approx(overlaps, abs=share_interval(overlaps, len(pairs)))


def test_who_is_broken_into_stops_soon_and_loses_the_words_behind():
    turns = take_turns(Rates(turns=400, barge_ins=1.0), Voices(3), np.random.default_rng(3))
    cuts = 0
    for before, after in pairwise(turns):
        if after.kind is not Kind.BARGE_IN:
            continue
        assert before.start < after.start < before.end
        assert before.end - after.start <= 0.8 * RATE + 1
        cuts += before.cut
        if before.cut:
            assert before.words[-1].end <= before.end
            assert len(before.words) < 2 or before.words[-1].end == before.end
    assert cuts > 180


def test_minutes_have_as_many_backchannels_and_asides_as_asked():
    rates = Rates(turns=40, backchannels=8, agent_backchannels=3, side_talk=2, barge_ins=0.1)
    room = {Who.CALLER: 0, Who.AGENT: 0}
    heard = {Who.CALLER: 0, Who.AGENT: 0}
    minutes = asides = 0
    for seed in range(25):
        made = plan(rates, seed)
        turns = [one for one in made.segments if one.kind in (Kind.TURN, Kind.BARGE_IN)]
        for who in room:
            room[who] += sum(end - begin for begin, end in room_for_backchannels(turns, who))
            heard[who] += sum(
                one.kind is Kind.BACKCHANNEL and one.who is who for one in made.segments
            )
        asides += sum(
            one.kind is Kind.SIDE_TALK and one.who is not Who.TELEVISION for one in made.segments
        )
        minutes += made.length / RATE / 60
    for who, rate in ((Who.CALLER, 8), (Who.AGENT, 3)):
        wanted = rate * room[who] / RATE / 60
        assert heard[who] == pytest.approx(wanted, abs=4 * np.sqrt(wanted) + 0.06 * wanted)
    assert asides == pytest.approx(2 * minutes, abs=4 * np.sqrt(2 * minutes))


def test_televisions_and_echoes_are_in_as_many_conversations_as_asked():
    made = [plan(Rates(turns=4, television=0.4, echo=0.6), seed) for seed in range(200)]
    on = np.mean([any(o.who is Who.TELEVISION for o in one.segments) for one in made])
    echo = np.mean([any(o.kind is Kind.ECHO for o in one.segments) for one in made])
    assert on == pytest.approx(0.4, abs=share_interval(0.4, 200))
    assert echo == pytest.approx(0.6, abs=share_interval(0.6, 200))
    for one in made:
        late = [o for o in one.segments if o.kind is Kind.ECHO]
        said = [o for o in one.segments if o.lane is Lane.AGENT]
        if one.echo is not None:
            assert [o.start - one.echo for o in late] == [o.start for o in said]


def test_most_gaps_are_about_200_milliseconds():
    random = np.random.default_rng(0)
    gaps = np.array([draw_gap(random) for _ in range(20_000)]) / RATE
    counts, edges = np.histogram(gaps, bins=np.arange(0, 1.55, 0.1))
    assert edges[counts.argmax()] <= MODE <= edges[counts.argmax()] + 0.15
    assert 0.3 < np.median(gaps) < 0.36
    assert gaps.max() <= 3


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"turns": 0}, "0 turns"),
        ({"echo": 1.5}, "echo is a share"),
        ({"backchannels": -1}, "0 to 30 in a minute"),
    ],
)
def test_rates_that_cannot_be_are_refused(wrong, fault):
    with pytest.raises(DataError, match=fault):
        Rates(**wrong)
