import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.report import (
    paired_bootstrap,
    percentile,
    percentile_interval,
    pooled_interval,
    stats,
)

few = st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=40)


def test_percentiles_interpolate_and_nothing_is_nan():
    assert percentile([1, 2, 3, 4], 50) == 2.5
    assert math.isnan(percentile([], 50))


@given(few, st.sampled_from([10, 50, 90]))
def test_an_interval_lies_within_what_was_seen_and_is_repeatable(values, q):
    low, high = percentile_interval(values, q, rounds=200)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert (low, high) == percentile_interval(values, q, rounds=200)


def test_a_median_interval_covers_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(3)
    covered = 0
    for trial in range(200):
        low, high = percentile_interval(generator.normal(size=40), 50, seed=trial, rounds=300)
        covered += low <= 0 <= high
    assert 180 <= covered <= 199


def test_too_few_observations_have_no_interval():
    assert percentile_interval([1, 2, 3, 4], 50) is None
    assert pooled_interval([0, 1], [3, 4]) is None
    assert pooled_interval([0] * 6, [0] * 6) is None


def test_a_pooled_interval_is_around_the_pooled_rate():
    errors, totals = [0, 1, 2, 0, 1, 0, 3, 0], [10, 8, 12, 5, 9, 11, 10, 6]
    low, high = pooled_interval(errors, totals)
    assert 0 <= low < sum(errors) / sum(totals) < high < 0.5


def test_pairing_sees_what_two_intervals_hide():
    generator = np.random.default_rng(0)
    totals = [10] * 100
    hard = generator.integers(0, 9, 100)  # utterances differ far more than the systems do
    first, second = hard + 1, hard + (np.arange(100) % 5 == 0)
    apart = [pooled_interval(first, totals), pooled_interval(second, totals)]
    assert apart[1][1] > apart[0][0]  # they overlap
    paired = paired_bootstrap(first, second, totals)
    assert paired.value == pytest.approx(-0.08)
    assert paired.interval[1] < -0.06
    assert paired.better == 1.0


def test_equal_systems_do_not_differ():
    same = paired_bootstrap([1, 0, 2, 0, 1], [1, 0, 2, 0, 1], [5] * 5)
    assert (same.value, same.interval, same.better) == (0.0, (0.0, 0.0), 0.0)


def test_a_comparison_needs_the_same_utterances():
    with pytest.raises(ValueError, match="same utterances"):
        paired_bootstrap([1], [1, 2], [3, 4])
    with pytest.raises(ValueError, match="no reference words"):
        paired_bootstrap([1], [1], [0])


def test_blocks_draw_the_same_as_one_block(monkeypatch):
    values = list(range(50))
    whole = percentile_interval(values, 50)
    monkeypatch.setattr(stats, "_CELLS", 777)
    assert percentile_interval(values, 50) == pytest.approx(whole)
