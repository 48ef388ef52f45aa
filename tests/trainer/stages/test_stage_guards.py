"""What is decided when people are understood less well."""

import pytest

pytest.importorskip("torch")

from talkover.trainer.stages.guards import (
    Counts,
    Course,
    broken,
    figures_of,
)
from talkover.trainer.stages.step import Verdict
from talkover.trainer.stages.tables import GuardSettings, WindowSettings
from talkover.trainer.stages.watch import count

LIMITS = GuardSettings(clean=1.0, noisy=3.0, deletions=2.0, repetitions=0.1, strikes=2)
WINDOWS = WindowSettings(shortest=(10, 8, 6), margins=(6, 4, 2), holds=2)
STOCK = {"en/clean": Counts(100, 3, 1, 20, 0), "en/noisy": Counts(100, 20, 5, 20, 1)}


def with_errors(clean=3, noisy=20, deletions=1, loops=0):
    return {
        "en/clean": Counts(100, clean, deletions, 20, loops),
        "en/noisy": Counts(100, noisy, 5, 20, 1),
    }


@pytest.mark.parametrize(
    ("sets", "wrong"),
    [
        (with_errors(), []),
        (with_errors(clean=4, noisy=23), []),
        (with_errors(clean=0, noisy=0, deletions=0), []),
        (with_errors(clean=5), ["en/clean: +2.0 points of errors (at most +1)"]),
        (with_errors(noisy=24), ["en/noisy: +4.0 points of errors (at most +3)"]),
        (with_errors(deletions=6), ["+2.5 points of deletions (at most +2)"]),
        (with_errors(loops=4), ["12.5% of texts loop (at most 10.0%)"]),
    ],
)
def test_what_is_worse_than_allowed_is_told(sets, wrong):
    assert broken(sets, STOCK, LIMITS) == wrong


def test_a_policy_may_loop_as_often_as_the_stock_model():
    stock = {"en/noisy": Counts(100, 20, 5, 20, 5)}
    assert broken({"en/noisy": Counts(100, 20, 5, 20, 5)}, stock, LIMITS) == []
    assert broken({"en/noisy": Counts(100, 20, 5, 20, 6)}, stock, LIMITS) != []


def course(*looks):
    now, verdicts = Course(last=2), []
    for wrong in looks:
        now, verdict = now.after(["worse"] * wrong, WINDOWS, LIMITS)
        verdicts.append(verdict)
    return now, verdicts


def test_windows_become_shorter_only_while_the_guards_hold():
    assert course(0)[0].step == 0
    assert course(0, 0)[0].step == 1
    assert course(0, 0, 0, 0)[0].step == 2
    now, verdicts = course(*[0] * 9)
    assert now.step == 2
    assert set(verdicts) == {Verdict.GOOD}


def test_when_they_do_not_hold_windows_become_longer_for_good():
    now, verdicts = course(0, 0, 0, 0, 1)
    assert (now.step, now.last) == (1, 1)
    assert verdicts[-1] is Verdict.BACK
    now, verdicts = course(0, 0, 0, 0, 1, 0, 0, 0)
    assert (now.step, now.strikes) == (1, 0)
    assert verdicts[-1] is Verdict.GOOD


def test_on_the_longest_windows_strikes_are_counted_and_end_the_stage():
    assert course(1)[1] == [Verdict.BACK]
    assert course(1, 0, 1)[1] == [Verdict.BACK, Verdict.GOOD, Verdict.STOP]
    assert course(0, 0, 1, 1, 1)[1][2:] == [Verdict.BACK, Verdict.BACK, Verdict.STOP]


def test_a_course_goes_on_from_integers():
    now, _ = course(0, 0, 1)
    assert Course.of(now.state()) == now


def test_words_are_counted_without_case_and_one_loop_does_not_hide_the_rest():
    assert count("Please hold.", "please hold", "en", ended=True) == Counts(2, 0, 0, 1, 0)
    assert count("Please hold the line.", "hold", "en", ended=True) == Counts(4, 3, 3, 1, 0)
    assert count("Please hold.", "no " * 60, "en", ended=False) == Counts(2, 2, 0, 1, 1)
    assert count("Um.", "Mhm.", "en", ended=True) == Counts(texts=1)


def test_figures_are_rates():
    assert figures_of(with_errors(clean=5, deletions=3, loops=1)) == {
        "guard wer en/clean": 5,
        "guard wer en/noisy": 20,
        "guard deletions": 4,
        "guard loops": 0.05,
    }
