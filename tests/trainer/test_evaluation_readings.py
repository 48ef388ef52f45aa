import pytest

from talkover.trainer.evaluation.readings import (
    Cause,
    Comparison,
    Reading,
    cause_of,
    first_difference,
    identity,
    wilson,
)

WINDOW = 160_000
LOOP = (1, 2) * 13  # 2 tokens, and 24 that only repeat them


def reading(*tokens, **facts):
    return Reading(tokens, WINDOW, **facts)


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [
        ((), (), None),
        ((1, 2), (1, 2), None),
        ((1, 2), (1, 3), 1),
        ((1, 2), (1, 2, 3), 2),
        ((1, 2, 3), (), 0),
    ],
)
def test_where_two_texts_part_their_ends_counted(first, second, at):
    assert first_difference(first, second) == at
    assert first_difference(second, first) == at


@pytest.mark.parametrize(
    ("stock", "exported", "cause"),
    [
        (reading(1, 2), reading(1, 2), Cause.SAME),
        (reading(), reading(silenced=True), Cause.SAME),
        (reading(1, 2), reading(silenced=True), Cause.SILENCE),
        (reading(1, 2), reading(1, 3), Cause.CHOICE),
        (reading(1, 2), reading(1), Cause.CHOICE),
        (reading(7, *LOOP, 1, 2), reading(7, 1, 2, complete=False), Cause.LOOP),
        (reading(7, *LOOP), reading(7, 1, 2, complete=False), Cause.LOOP),
        (reading(7, *LOOP), reading(7, 1, 2), Cause.CHOICE),  # it ended by itself
        (reading(*range(50)), reading(*range(40), complete=False), Cause.BOUND),
        # What was cut is no longer the stock model's text: the cut is not to blame.
        (reading(9, *LOOP), reading(1, 2, complete=False), Cause.CHOICE),
    ],
)
def test_the_cause_of_a_difference(stock, exported, cause):
    assert cause_of(stock, exported) is cause


def test_the_share_of_equal_readings_and_why_the_rest_is_not():
    same, loop = Comparison("a", WINDOW, Cause.SAME), Comparison("b", WINDOW, Cause.LOOP, 30)
    measure = identity("same", [same] * 99 + [loop], bar=99, note="windows")
    assert (measure.value, measure.n, measure.met) == (99, 100, True)
    assert measure.interval == pytest.approx((94.55, 99.82), abs=0.01)
    assert measure.note == "windows; 1 cut as a loop"
    assert identity("same", [same] * 98 + [loop] * 2, bar=99, note="").met is False
    assert identity("same", [same], bar=None, note="").met is None


def test_nothing_compared_meets_no_bar():
    measure = identity("same", [], bar=99, note="")
    assert (measure.n, measure.interval, measure.met) == (0, None, False)


def test_wilson_has_a_width_even_at_the_ends():
    low, high = wilson(200, 200)
    assert low == pytest.approx(0.98115, abs=1e-4)
    assert high == pytest.approx(1)
    assert wilson(0, 200) == pytest.approx((0, 1 - low))
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
