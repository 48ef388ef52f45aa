"""Figures of groups of utterances, and their intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.report import Resampled, pooled_interval
from talkover.core.report.resampling import mean, spread, worst

FIRST = [2, 0, 4, 1, 3, 2, 9, 8, 7, 9, 8, 7]
SECOND = [1, 0, 2, 1, 1, 1, 5, 4, 3, 5, 4, 3]
TOTALS = [10] * 12
GROUPS = ["a"] * 6 + ["b"] * 6


def test_figures_are_of_the_rates_of_groups():
    found = Resampled([FIRST, SECOND], TOTALS, GROUPS)
    assert found.groups == ("a", "b")
    assert found.observed.tolist() == [[0.2, 0.8], [0.1, 0.4]]
    assert found.of(mean, 0).value == pytest.approx(0.5)
    assert found.of(worst(1), 0).value == pytest.approx(0.8)
    assert found.of(worst(5), 0).value == pytest.approx(0.5)
    assert found.of(spread, 0).value == pytest.approx(0.6)
    assert found.points(mean, 0, 1).value == pytest.approx(-0.25)
    assert found.reduction(spread, 0, 1).value == pytest.approx(0.5)
    assert found.of(mean, 0).n == 12


def test_intervals_hold_the_value_and_are_those_of_a_plain_bootstrap():
    found = Resampled([FIRST, SECOND], TOTALS, ["all"] * 12)
    low, high = found.of(mean, 0).interval
    other = pooled_interval(FIRST, TOTALS, seed=3)
    assert (low, high) == pytest.approx(other, abs=0.03)
    assert low < 0.5 < high


def test_a_difference_is_paired():
    """What varies from utterance to utterance alike for both is no part of how they differ."""
    random = np.random.default_rng(1)
    errors = random.integers(0, 10, 40)
    found = Resampled([errors + 1, errors], [10] * 40, ["all"] * 40)
    low, high = found.points(mean, 0, 1).interval
    assert (low, high) == pytest.approx((-0.1, -0.1))
    alone = found.of(mean, 0).interval
    assert alone[1] - alone[0] > 0.1


def test_nothing_is_pretended():
    few = Resampled([FIRST[:4]], TOTALS[:4], GROUPS[:4])
    assert few.of(mean, 0).interval is None
    assert few.of(mean, 0).value == pytest.approx(7 / 40)
    none = Resampled([[]], [], [])
    assert math.isnan(none.of(mean, 0).value)
    assert none.of(mean, 0).n == 0
    silent = Resampled([[0] * 6, [1] * 6], [10] * 6, ["a"] * 6)
    assert math.isnan(silent.reduction(mean, 0, 1).value)
    assert silent.reduction(mean, 0, 1).interval is None
    with pytest.raises(ValueError, match="same utterances"):
        Resampled([[1, 2]], [1], ["a"])


def test_a_group_without_a_word_is_left_out():
    found = Resampled([[1, 1, 3]], [10, 10, 0], ["a", "a", "b"])
    assert found.groups == ("a",)
    assert found.n == 2


def test_another_unit():
    found = Resampled([FIRST], TOTALS, GROUPS).of(mean, 0)
    percent = found.times(100)
    assert percent.value == pytest.approx(50)
    assert percent.interval == pytest.approx([100 * edge for edge in found.interval])


rates = st.lists(st.floats(0, 5), min_size=1, max_size=12)


@given(rates, st.integers(1, 12))
@settings(max_examples=60)
def test_the_worst_are_no_better_than_all_and_no_worse_than_the_worst(values, count):
    table = np.array(values)
    assert mean(table) - 1e-9 <= worst(count)(table) <= worst(1)(table) + 1e-9
    assert worst(len(values))(table) == pytest.approx(mean(table))
    assert spread(table) >= 0
