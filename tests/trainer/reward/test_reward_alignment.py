"""Which sound was taken for which."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.trainer.reward.alignment import aligned
from talkover.trainer.reward.distance import edit_distances

SOUNDS = 5
TABLE = np.round(np.abs(np.subtract.outer(np.arange(SOUNDS), np.arange(SOUNDS))) / 4, 2)
row = st.lists(st.integers(0, SOUNDS - 1), max_size=9)


@given(row, row)
@settings(max_examples=150)
def test_a_way_has_every_place_once_in_order_and_costs_the_distance(first, second):
    pairs = aligned(TABLE[np.ix_(first, second)])
    assert [one for one, _ in pairs if one is not None] == list(range(len(first)))
    assert [other for _, other in pairs if other is not None] == list(range(len(second)))
    cost = sum(
        1.0 if one is None or other is None else TABLE[first[one], second[other]]
        for one, other in pairs
    )
    rows = [[np.array(some, np.intp)] for some in (first, second)]
    assert cost == edit_distances(*rows, TABLE)[0]


def test_near_sounds_are_paired_and_far_ones_too_where_that_is_no_dearer():
    assert aligned(np.array([[0.1]])) == [(0, 0)]
    assert aligned(np.array([[0.0, 1.0], [1.0, 1.0]])) == [(0, 0), (1, 1)]
    assert aligned(np.array([[1.0, 0.0]])) == [(None, 0), (0, 1)]
    assert aligned(np.zeros((0, 0))) == []
