"""What must hold of a reward whatever was said and understood."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.errors import DataError
from talkover.trainer.data.aligning.features import distances, features_of
from talkover.trainer.reward.distance import edit_distances
from talkover.trainer.reward.formula import floored
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.scoring import Scorer

POLICY = RewardPolicy()
SCORER = Scorer(POLICY)
ONLY_SOUNDS = Scorer(RewardPolicy(switch=0, loop=0))
"""To leave a loop or a language may be worth a word that nobody said."""
SYMBOLS = ["p", "b", "tʃ", "s", "ɹ", "ə", "iː", "aɪ", "aʊ", "ʊ", "ŋ", "œ̃", "\ue001", "\ue002"]
TABLE = distances(SYMBOLS, SYMBOLS)
ENGLISH = ["the", "bill", "is", "late", "please", "call", "me", "on", "monday", "five"]
SPANISH = ["la", "factura", "no", "llega", "quiero", "pagar", "gracias"]
WORDS = st.sampled_from([(w, "en") for w in ENGLISH] + [(w, "es") for w in SPANISH])
TEXTS = st.lists(WORDS, max_size=8)
STRANGE = ["hotel", "je", "мир", "♪", "दो"]
TRANSCRIPTS = st.lists(st.sampled_from([*ENGLISH, *SPANISH, *STRANGE]), max_size=12)
ROWS = st.lists(st.integers(0, len(SYMBOLS) - 1), max_size=9).map(lambda row: np.array(row, int))


def worth(said, *heard):
    return SCORER.score(Reference.of(said), [" ".join(words) for words in heard])


def distance(*pairs):
    return edit_distances([one for one, _ in pairs], [other for _, other in pairs], TABLE)


@given(ROWS, ROWS)
@settings(max_examples=200)
def test_a_distance_is_the_same_from_both_sides_and_within_bounds(one, other):
    there, back = distance((one, other), (other, one))
    assert there == pytest.approx(back)
    assert abs(len(one) - len(other)) - 1e-9 <= there <= max(len(one), len(other)) + 1e-9
    assert (there == 0) == (len(one) == len(other) and bool((one == other).all()))


@given(ROWS, ROWS, ROWS)
@settings(max_examples=200)
def test_no_detour_is_shorter(one, other, third):
    # The table's sounds have one or two steps; of three and two, panphon's need no triangle.
    assert max(len(features_of(symbol)) for symbol in SYMBOLS) == 2
    straight, first, second = distance((one, other), (one, third), (third, other))
    assert straight <= first + second + 1e-9


@given(st.lists(st.tuples(ROWS, ROWS), max_size=9))
def test_pairs_that_are_computed_together_do_not_touch_one_another(pairs):
    alone = [float(distance(pair)[0]) for pair in pairs]
    assert distance(*pairs).tolist() == alone


def test_more_pairs_than_are_computed_at_once():
    random = np.random.default_rng(0)
    rows = [random.integers(0, len(SYMBOLS), random.integers(0, 30)) for _ in range(200)]
    pairs = list(zip(rows, rows[::-1], strict=True))
    together = distance(*pairs)
    assert together.tolist() == [float(distance(pair)[0]) for pair in pairs]
    assert together.tolist() == together[::-1].tolist()


@given(TEXTS)
def test_the_right_text_is_worth_one_however_often_it_switches(said):
    (one,) = worth(said, [word for word, _ in said])
    assert one.value == 1
    assert (one.distance, one.switches, one.misplaced, one.looped, one.runaway) == (0,) * 5


@given(TEXTS, TRANSCRIPTS)
def test_nothing_is_worth_more_than_one_or_less_than_the_floor(said, heard):
    (one,) = worth(said, heard)
    assert -POLICY.floor <= one.value <= 1
    assert min(one.switches, one.misplaced, one.looped) >= 0
    assert one.distance >= 0
    assert one.error >= 0


@given(TEXTS, st.lists(st.sampled_from(ENGLISH), min_size=1, max_size=6), st.integers(0, 8))
def test_each_invented_word_makes_it_worse(said, invented, place):
    right = [word for word, _ in said]
    heard = [right[:place] + invented[:count] + right[place:] for count in range(len(invented) + 1)]
    rewards = ONLY_SOUNDS.score(Reference.of(said), [" ".join(words) for words in heard])
    values, found = [one.value for one in rewards], [one.distance for one in rewards]
    assert all(before > after for before, after in pairwise(values))
    assert all(before < after for before, after in pairwise(found))


@given(TEXTS)
def test_each_word_that_is_left_out_makes_it_worse(said):
    right = [word for word, _ in said]
    found = [one.distance for one in worth(said, *(right[:n] for n in range(len(right) + 1)))]
    assert all(before > after for before, after in pairwise(found))


@given(st.floats(-50, 1), st.floats(-50, 1), st.floats(0.1, 3))
def test_the_floor_keeps_the_order_and_leaves_what_is_above_nothing_as_it_is(one, other, floor):
    low, high = sorted([one, other])
    assert floored(low, floor) <= floored(high, floor)
    assert -floor <= floored(low, floor)
    if high - low > 1e-3 and low > -10 * floor:
        assert floored(low, floor) < floored(high, floor)
    if low >= 0:
        assert floored(low, floor) == low


def test_silence_is_one_and_falls_with_every_invented_sound():
    # oh, of one sound, again and again: the sounds are counted, and how they are written is not.
    rewards = worth([], *(["owe"] * count for count in range(9)))
    assert rewards[0].value == 1
    each = rewards[1].distance / POLICY.silence
    assert rewards[2].value == pytest.approx(1 - 2 * each)
    assert all(a.value > b.value for a, b in pairwise(rewards))
    assert rewards[1].error == rewards[1].distance


def test_near_sounds_cost_less_than_far_ones():
    near, far, gone = worth([("call me a bit", "en")], *(
        text.split() for text in ("call me a pit", "call me a sit", "call me a")))  # fmt: skip
    assert 1 > near.value > far.value > gone.value


def test_a_word_that_sounds_the_same_is_no_error():
    texts = ["two pears", "2 pairs", "Too, pears!", "TWO PAIRS"]
    assert [one.value for one in worth([("two pears", "en")], *([t] for t in texts))] == [1] * 4


def test_a_number_may_be_written_as_one_word_or_as_many():
    said = [("my order number is four two seven one", "en")]
    long, short, wrong = worth(said, ["my order number is 4271"], ["my order number is 42 71"],
                               ["my order number is 4371"])  # fmt: skip
    assert long.value == 1 > wrong.value > short.value
    hundred = [("it was one hundred twenty three", "en")]
    assert worth(hundred, ["it was 123"])[0].value == 1


def test_a_word_that_the_lists_give_to_others_is_right_where_it_was_said():
    said = [("\u00bfhas visto mis once llaves", "es"), ("once more", "en")]
    (one,) = worth(said, ["Has visto mis once llaves, once more."])
    assert (one.value, one.switches, one.misplaced) == (1, 0, 0)
    assert worth(said[:1], ["has visto mis once llaves"])[0].value == 1


def test_a_reference_in_a_language_of_none_of_ours_or_without_end_is_refused():
    with pytest.raises(DataError, match="no reward for 'it'"):
        Reference.of([("ciao", "it")])
    with pytest.raises(DataError, match="split it"):
        Reference.of([("no " * 600, "en")])
