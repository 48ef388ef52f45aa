"""Weights of accents, and agreement among them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.trainer.reward.accents import start
from talkover.trainer.reward.agreement import agreements
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer

POLICY = RewardPolicy()
CODES = st.sampled_from(["scottish", "indian", "rp", "welsh", "irish"])
HEARD = st.lists(st.tuples(CODES, st.floats(0, 3)), max_size=60)
SCORER = Scorer(POLICY)
SAID = "the bill is late please call me on monday"
REFERENCE = Reference.of([(SAID, "en")])
HEARD_WORDS = st.lists(
    st.sampled_from(["bill", "pill", "is", "late", "laid", "call", "me", "on", "monday", "five"]),
    max_size=3,
)


@given(st.lists(HEARD, max_size=4), st.sampled_from([1.0, 20.0, 500.0]))
def test_weights_are_one_in_the_mean_and_within_limits(updates, prior):
    policy = RewardPolicy(prior=prior)
    known = start(["rp", "welsh"])
    for heard in updates:
        known = known.updated(heard, policy)
    weights = known.weights(policy)
    assert set(weights) == {"rp", "welsh"} | {code for heard in updates for code, _ in heard}
    assert np.mean(list(weights.values())) == pytest.approx(1, abs=1e-9)
    assert all(policy.lightest <= weight <= policy.heaviest for weight in weights.values())
    errors = known.errors(policy)
    ranked = sorted(weights, key=lambda code: (errors[code], weights[code]))
    assert [weights[code] for code in ranked] == sorted(weights.values())


def test_what_is_misheard_weighs_more_and_nothing_tells_apart_what_was_not_heard():
    known = start(["rp", "scottish", "welsh"])
    assert set(known.weights(POLICY).values()) == {1.0}
    heard = [("rp", 0.1), ("scottish", 0.3)] * 500
    weights = known.updated(heard, POLICY).weights(POLICY)
    assert weights["rp"] < weights["welsh"] < weights["scottish"]
    assert weights["scottish"] / weights["rp"] == pytest.approx(3, rel=0.2)
    assert start().weights(POLICY) == {}


def test_a_weight_is_at_its_limit_however_bad_an_accent_is():
    heard = [("rp", 0.0), ("welsh", 0.0), ("irish", 0.0), ("indian", 0.0), ("scottish", 9.0)] * 999
    weights = start().updated(heard, POLICY).weights(POLICY)
    assert weights["scottish"] == pytest.approx(3)
    assert weights["rp"] == weights["welsh"] == pytest.approx(0.5)


def test_one_runaway_does_not_make_an_accent_hard():
    quiet = [("rp", 0.2), ("welsh", 0.2)] * 50
    once = start().updated([*quiet, ("rp", 40.0)], POLICY).weights(POLICY)
    assert once["rp"] < 1.1


def test_little_heard_is_smoothed_and_the_past_is_forgotten():
    few = start().updated([("rp", 0.2)] * 100 + [("welsh", 1.0)], POLICY).weights(POLICY)
    many = start().updated([("rp", 0.2), ("welsh", 1.0)] * 100, POLICY).weights(POLICY)
    assert 1 < few["welsh"] < many["welsh"]
    policy = RewardPolicy(half_life=500, prior=1)
    known = start().updated([("rp", 0.8)] * 1_000, policy).updated([("rp", 0.2)] * 500, policy)
    assert known.errors(policy)["rp"] == pytest.approx((0.5 * 800 + 100) / (0.5 * 1_000 + 500))


@given(HEARD, HEARD)
def test_an_update_leaves_what_was_known_as_it_was(first, second):
    known = start(["rp"]).updated(first, POLICY)
    before = known.weights(POLICY)
    assert known.updated(second, POLICY) == known.updated(second, POLICY)
    assert known.weights(POLICY) == before
    assert {tally.accent for tally in known.tallies} >= {"rp"}


def test_agreement_is_that_with_other_accents_and_not_with_oneself():
    similar = np.array([[1, 1, 0.5], [1, 1, 0.25], [0.5, 0.25, 1]])
    found = agreements(similar, ["rp", "rp", "welsh"], [1.0, 1.0, 0.6])
    assert found == pytest.approx([0.3, 0.15, (0.3 + 0.15) / 2])
    assert agreements(similar, ["rp"] * 3, [1.0, 1.0, 1.0]).tolist() == [0, 0, 0]
    assert agreements(similar, ["a", "b", "c"], [-1.0, -0.5, 1.0]).tolist() == [0, 0, 0]


def scored(*texts):
    return SCORER.score_accents(
        REFERENCE, list(zip(["rp", "welsh", "irish", "indian"], texts, strict=False))
    )


def test_agreeing_on_nothing_or_on_what_is_wrong_gains_nothing():
    for text in ("", "la factura no llega gracias por todo", "no " * 30):
        assert [one.agreement for one in scored(*[text] * 4)] == pytest.approx([0] * 4, abs=0.1)
    assert [one.agreement for one in scored(*[""] * 4)] == [0] * 4


def test_all_right_is_worth_the_most_there_is():
    assert [one.value for one in scored(*[SAID] * 4)] == pytest.approx([1 + POLICY.agreement] * 4)
    assert scored(SAID)[0].value == 1
    assert SCORER.score_accents(REFERENCE, []) == []


def test_numbers_agree_however_they_are_written():
    said = Reference.of([("four two seven one please", "en")])
    texts = [("rp", "4271 please"), ("welsh", "Four two seven one, please.")]
    assert [one.agreement for one in SCORER.score_accents(said, texts)] == [1, 1]


def test_who_is_understood_as_others_are_is_worth_more_than_who_is_not():
    alike, other = "the bill is laid please call me on monday", "the mill is late please call me"
    together = scored(alike, alike, SAID)
    apart = scored(alike, other, SAID)
    assert together[0].agreement > apart[0].agreement > 0
    assert together[0].distance == apart[0].distance


@given(st.lists(HEARD_WORDS, min_size=2, max_size=4), st.integers(0, 8), HEARD_WORDS)
def test_no_text_is_worth_more_than_the_right_one_whatever_others_wrote(others, place, more):
    words = SAID.split()
    policy = RewardPolicy(agreement=0.5)
    texts = [" ".join([*words[:place], *some, *words[place + 2 :]]) for some in (*others, more)]
    accents = [f"accent {number}" for number in range(len(texts))]
    scorer = Scorer(policy)
    scorer._sounds = SCORER._sounds  # nothing is read twice
    for mine in (texts[-1], texts[0]):
        given = scorer.score_accents(
            REFERENCE, list(zip(accents, [*texts[:-1], mine], strict=True))
        )[-1]
        right = scorer.score_accents(
            REFERENCE, list(zip(accents, [*texts[:-1], SAID], strict=True))
        )[-1]
        assert given.value <= right.value + 1e-9
        assert 0 <= given.agreement <= 1
