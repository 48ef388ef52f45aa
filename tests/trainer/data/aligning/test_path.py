"""The likeliest way through sounds in order."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from talkover.core.errors import DataError
from talkover.trainer.data.aligning.path import best_path

NEVER = -np.inf


def passes(path, passing):
    """What a way costs, or minus infinity where it is none."""
    cost, at = 0.0, -1
    for state in [*path, len(passing)]:
        if state - at == 2:
            cost += passing[at + 1]
        elif state - at > 2:
            return NEVER
        at = state
    return cost


def by_hand(scores, passing):
    """The best score of all ways there are."""
    frames, states = scores.shape
    ways = combinations_with_replacement(range(states), frames)
    return max(scores[np.arange(frames), list(way)].sum() + passes(way, passing) for way in ways)


@given(
    st.integers(1, 5).flatmap(
        lambda states: st.tuples(
            arrays(np.float32, (6, states), elements=st.floats(-9, 0, width=16)),
            arrays(np.float32, states, elements=st.sampled_from([0.0, -1.5, NEVER])),
        )
    )
)
def test_no_way_is_better(given_):
    scores, passing = given_
    path = best_path(scores, passing)
    assert (np.diff(path) >= 0).all()
    found = scores[np.arange(6), path].sum() + passes(path, passing)
    assert found == pytest.approx(by_hand(scores, passing), abs=1e-3)


def test_a_pause_is_there_only_if_it_is_heard():
    heard = np.log(np.array([[0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32))
    # A pause, a sound, another one.
    assert best_path(heard, np.array([0, NEVER, NEVER], np.float32)).tolist() == [1, 1, 2]
    assert best_path(heard, np.array([NEVER, NEVER, NEVER], np.float32)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("shape", [(2, 3), (0, 1), (3, 0)])
def test_more_sounds_than_time_are_refused(shape):
    with pytest.raises(DataError, match="too short for a text"):
        best_path(np.zeros(shape, np.float32), np.full(shape[1], NEVER, np.float32))
