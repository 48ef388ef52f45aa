"""Which utterance comes when."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import DataError
from talkover.trainer.data.streaming.order import Order, Place

counts, chunks, seeds = st.integers(1, 60), st.integers(1, 9), st.integers(0, 99)


@given(count=counts, chunk=chunks, seed=seeds, ranks=st.integers(1, 5))
def test_ranks_together_hear_everything_and_nothing_twice(count, chunk, seed, ranks):
    steps = 2 * chunk
    heard = Counter(
        Order(count, chunk, seed, rank, ranks).at(step)
        for rank in range(ranks)
        for step in range(steps)
    )
    alone = Order(count, chunk, seed)
    assert heard == Counter(alone.at(step) for step in range(steps * ranks))
    assert max(heard.values()) == 1


@given(count=counts, chunk=chunks, seed=seeds)
def test_each_epoch_has_every_utterance_once_in_an_order_of_its_own(count, chunk, seed):
    order = Order(count, chunk, seed)
    for epoch in range(3):
        places = [order.at(epoch * count + place) for place in range(count)]
        assert {place.epoch for place in places} == {epoch}
        assert sorted(place.number for place in places) == list(range(count))


def test_epochs_and_seeds_have_orders_of_their_own():
    epochs = {tuple(Order(50, 4, 1).at(e * 50 + n).number for n in range(50)) for e in range(4)}
    seeded = {tuple(Order(50, 4, seed).at(n).number for n in range(50)) for seed in range(4)}
    assert len(epochs) == len(seeded) == 4


def test_what_has_no_end_comes_by_number():
    assert [Order(None, 2, 7, 1, 3).at(step) for step in range(4)] == [
        Place(0, 2),
        Place(0, 3),
        Place(0, 8),
        Place(0, 9),
    ]


@given(chunk=chunks, step=st.integers(0, 500))
def test_chunks_follow_one_another_whatever_the_first_step(chunk, step):
    order = Order(10, chunk)

    def steps(one):
        while True:
            rest = order.rest(one)
            yield from rest
            one = rest.stop

    assert list(islice(steps(step), 30)) == list(range(step, step + 30))
    assert order.rest(step).stop % chunk == 0


@pytest.mark.parametrize("given", [(0, 4), (5, 0), (5, 4, 0, 2, 2), (5, 4, 0, -1, 2)])
def test_what_cannot_be_put_in_order_is_refused(given):
    with pytest.raises(DataError, match=r"empty|no order"):
        Order(*given)
