"""What is mined between what is not."""

import pickle
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import DataError
from talkover.trainer.data.streaming.order import Place
from talkover.trainer.mining.mixing import Mixed, turn

MINED = [Place(1, 7), Place(0, 9), Place(3, 5)]


class Endless:
    """A source that gives back the place it was asked for."""

    count = None
    chunk = 1

    def make(self, number, epoch):
        return Place(epoch, number)

    def close(self):
        pass


@given(st.integers(0, 10_000), st.integers(1, 200), st.floats(0, 0.99))
def test_any_stretch_has_its_share_of_replay(first, length, replay):
    turns = [turn(step, replay) for step in range(first, first + length)]
    count = sum(one.replay for one in turns)
    assert abs(count - length * replay) <= 1 + 1e-6
    for kind in (True, False):
        places = [one.place for one in turns if one.replay is kind]
        assert places == list(range(places[0], places[0] + len(places))) if places else True


def test_half_is_mined_each_of_them_as_often_with_other_noise_each_time():
    mixed = Mixed(Endless(), MINED, seed=3, epoch=8)
    made = [mixed.make(step, 0) for step in range(12)]
    mined, others = made[0::2], made[1::2]
    assert others == [Place(8, number) for number in range(6)]
    assert sorted(mined[:3]) == sorted(MINED)
    assert Counter(place.number for place in mined) == {7: 2, 9: 2, 5: 2}
    assert sorted(mined[3:]) == sorted(Place(one.epoch + 1, one.number) for one in MINED)
    assert [pickle.loads(pickle.dumps(mixed)).make(step, 0) for step in range(12)] == made


def test_the_seed_decides_the_order():
    orders = {
        tuple(Mixed(Endless(), MINED, replay=0, seed=seed).at(step) for step in range(6))
        for seed in range(8)
    }
    assert len(orders) > 1


def test_nothing_mined_is_refused():
    with pytest.raises(DataError, match="larger pool"):
        Mixed(Endless(), [])
