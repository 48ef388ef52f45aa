import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.brain.sampling import Sampler, Sampling
from talkover.core.errors import ConfigError

LOGITS = arrays.arrays(np.float32, 12, elements=st.floats(-50, 50, width=32))


@given(LOGITS)
def test_without_temperature_the_likeliest_is_taken(logits):
    sampler = Sampler(Sampling(temperature=0, repetition_penalty=1))
    assert logits[sampler.draw(logits, [])] == logits.max()


@given(
    LOGITS,
    st.floats(0.05, 2),
    st.floats(0.01, 1),
    st.floats(1, 2),
    st.lists(st.integers(0, 11), max_size=5),
    st.integers(0, 2**32),
)
def test_a_draw_repeats_with_its_seed_and_leaves_the_logits(
    logits, heat, mass, penalty, said, seed
):
    how = Sampling(temperature=heat, top_p=mass, repetition_penalty=penalty, seed=seed)
    before = logits.copy()
    first, second = (Sampler(how).draw(logits, said) for _ in range(2))
    assert first == second
    assert 0 <= first < 12
    np.testing.assert_array_equal(logits, before)


def test_draws_follow_the_odds():
    logits = np.log(np.array([0.6, 0.3, 0.1], np.float32))
    sampler = Sampler(Sampling(temperature=1, top_p=1, repetition_penalty=1, seed=1))
    counts = np.bincount([sampler.draw(logits, []) for _ in range(4000)], minlength=3)
    np.testing.assert_allclose(counts / 4000, [0.6, 0.3, 0.1], atol=0.03)


def test_the_nucleus_leaves_the_tail_out():
    logits = np.log(np.array([0.6, 0.3, 0.1], np.float32))
    sampler = Sampler(Sampling(temperature=1, top_p=0.8, repetition_penalty=1, seed=1))
    assert {sampler.draw(logits, []) for _ in range(500)} == {0, 1}


def test_what_was_said_is_less_likely():
    sampler = Sampler(Sampling(temperature=0, repetition_penalty=1.5))
    assert sampler.draw(np.array([3.0, 2.5], np.float32), [0]) == 1
    assert sampler.draw(np.array([-1.0, -1.2], np.float32), [0]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": 2.1},
        {"temperature": float("nan")},
        {"top_p": 0},
        {"top_p": 1.1},
        {"repetition_penalty": 0.5},
    ],
)
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(ConfigError, match="must be"):
        Sampling(**wrong)
