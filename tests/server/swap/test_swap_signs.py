"""Whether new weights do worse: honest about small numbers."""

import random

import pytest

from talkover.server.swap.odds import fisher, later, sign_test
from talkover.server.swap.policy import SwapPolicy
from talkover.server.swap.signs import Compared, Record, TurnSigns, drift, shadow_drift

POLICY = SwapPolicy()


def record(count: int, **signs) -> Record:
    kept = Record(POLICY.window)
    for _ in range(count):
        kept.add(TurnSigns(**signs))
    return kept


def test_fisher_is_the_tail_of_the_hypergeometric_distribution():
    # The lady tasting tea (Fisher, 1935): all eight cups right, three pairs of four.
    assert fisher(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert fisher(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert fisher(0, 4, 4, 4) == 1.0
    assert fisher(0, 0, 0, 10) == 1.0


def test_the_sign_test_counts_only_pairs_that_differ():
    assert sign_test(5, 0) == pytest.approx(1 / 32)
    assert sign_test(4, 1) == pytest.approx(6 / 32)
    assert sign_test(0, 0) == 1.0


def test_what_comes_later_is_told_from_what_does_not():
    old = [1.0 + 0.01 * n for n in range(20)]
    assert later([value + 0.5 for value in old], old, slack=0.25) < 1e-4
    assert later([value + 0.2 for value in old], old, slack=0.25) > 0.5
    assert later([9.0] * 7, old, slack=0.25) == 1.0  # too few
    assert later([1.0] * 10, [1.0] * 10, slack=0.0) == 1.0  # all alike
    # By the definition, for numbers without ties: a pair is won by the larger.
    assert later(old, old, slack=0.0) == pytest.approx(0.5, abs=0.01)


def test_one_empty_turn_is_no_drift_and_many_are():
    old = record(40)
    few = record(9)
    few.add(TurnSigns(empty=True))
    assert drift(few, old, POLICY) is None
    reason = drift(record(5, empty=True), old, POLICY)
    assert reason is not None
    assert "5 of 5 turns empty, before 0 of 40" in reason


def test_nothing_is_proved_against_nothing():
    assert drift(record(5, empty=True), record(0), POLICY) is None


def test_corrections_that_come_after_the_turn_count():
    new = record(20)
    for _ in range(12):
        new.add_later("corrected")
    assert "corrected" in (drift(new, record(40), POLICY) or "")


def test_slow_answers_are_a_drift():
    reason = drift(record(20, latency=2.0), record(40, latency=1.0), POLICY)
    assert reason is not None
    assert "later" in reason
    assert drift(record(20, latency=1.2), record(40, latency=1.0), POLICY) is None


def test_what_is_no_worse_is_rarely_rolled_back():
    """The chance is below the policy's ``alpha``, over all looks together."""
    dice = random.Random(7)
    rolled_back = 0
    for _ in range(300):
        new, old = Record(POLICY.window), Record(POLICY.window)
        for turn in range(1, POLICY.canary_turns + 1):
            for one in (new, old, old):
                sign = {kind: dice.random() < 0.1 for kind in ("empty", "repeated", "corrected")}
                one.add(TurnSigns(latency=dice.gauss(1.5, 0.4), **sign))
            if turn % POLICY.look_every == 0 and drift(new, old, POLICY):
                rolled_back += 1
                break
    assert rolled_back / 300 < POLICY.alpha


def test_a_generation_that_hears_half_is_caught_within_a_canary():
    dice = random.Random(7)
    caught = 0
    for _ in range(60):
        new, old = Record(POLICY.window), record(80)
        for _ in range(POLICY.canary_turns):
            new.add(TurnSigns(empty=dice.random() < 0.5))
        caught += drift(new, old, POLICY) is not None
    assert caught == 60


def test_the_shadow_compares_pairs():
    deaf = [Compared(empty=True)] * 6
    assert shadow_drift(deaf, POLICY)
    assert shadow_drift([*deaf, *[Compared(empty_before=True)] * 6], POLICY) is None
    assert shadow_drift([Compared()] * 50, POLICY) is None
    assert "failed" in (shadow_drift([Compared(broken=True)] * 6, POLICY) or "")


def test_a_record_tells_people():
    kept = record(2, latency=1.5)
    kept.add(TurnSigns(empty=True))
    kept.add(TurnSigns(failed=True))
    found = kept.summary()
    assert found["empty"] == found["failed"] == 0.25
    assert found["latency"] == 1.5
    assert Record(4).summary() == {}
