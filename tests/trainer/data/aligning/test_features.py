"""Sounds and how far they are apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.trainer.data.accents import accents
from talkover.trainer.data.aligning.features import (
    edit_distance,
    feature_names,
    features_of,
    inventory,
    phone_distance,
    phoneme_error_rate,
)
from talkover.trainer.data.mouths import sounds_of

SOUNDS = st.sampled_from(["p", "t", "tʃ", "s", "ɹ", "ə", "iː", "aɪ", "ʊ", "ŋ", "?"])
ROWS = st.lists(SOUNDS, max_size=7)
OTHERS = [
    "tɕʰ",
    "ʈʂ",
    "ɟʰ",
    "bʱ",
    "ɲ",
    "ʎ",
    "β",
    "ɣ",
    "ʁ",
    "œ̃",
    "ɑ̃",
    "y",
    "ø",
    "pf",
    "ts",
    "ç",
    "x",
    "ɥ",
    "ĩ",
    "əː5",
    "ɚ",
    "ɝ",
    "ɻ",
    "ᵻ",
]


def test_every_sound_of_every_accent_and_of_other_languages_is_known():
    ours = {symbol for one in accents().values() for symbol in sounds_of(one)}
    for symbol in [*ours, *OTHERS]:
        vectors = features_of(symbol)
        assert vectors, symbol
        assert {len(vector) for vector in vectors} == {len(feature_names())}
        assert {value for vector in vectors for value in vector} <= {-1, 0, 1}


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ("t d", "t m"),
        ("p b", "p a"),
        ("s ʃ", "s n"),
        ("ɪ iː", "ɪ ɑː"),
        ("t ʈ", "t k"),
        ("θ f", "θ l"),
        ("aɪ ɑɪ", "aɪ aʊ"),
        ("aɪ aː", "aɪ t"),
        ("tʃ dʒ", "tʃ n"),
        ("ɝ ɜː", "ɝ iː"),
        ("ɹ ɾ", "ɹ s"),
        ("w ʋ", "w t"),
        ("ɑ̃ ɑ", "ɑ̃ i"),
    ],
)
def test_what_the_mouth_does_alike_is_near(near, far):
    close, distant = (phone_distance(*pair.split()) for pair in (near, far))
    assert 0 < close < distant <= 1


@pytest.mark.parametrize("pair", ["tʃ t͡ʃ", "iː i:", "ɡ g", "ˈaɪ aɪ", "ə5 ə", "dʒ ˌd͡ʒ"])
def test_other_spellings_are_the_same_sound(pair):
    assert phone_distance(*pair.split()) == 0


def test_vowels_are_nearer_to_vowels():
    vowels, consonants = (
        ["iː", "ɪ", "ɛ", "æ", "ɑː", "ɔː", "ʊ", "uː", "ʌ"],
        ["p", "t", "k", "s", "ʃ", "m", "n", "f", "d"],
    )
    between = [phone_distance(v, c) for v in vowels for c in consonants]
    within = [phone_distance(v, w) for v in vowels for w in vowels]
    assert max(within) < min(between)


@given(SOUNDS, SOUNDS)
def test_a_distance_is_one_in_both_directions(first, second):
    assert phone_distance(first, second) == phone_distance(second, first)
    assert (phone_distance(first, second) == 0) == (first == second)
    assert phone_distance(first, second) <= 1


def by_hand(reference, heard, swap):
    """Wagner and Fischer, cell by cell."""
    rows, columns = len(reference) + 1, len(heard) + 1
    cost = [[float(r + c) for c in range(columns)] for r in range(rows)]
    for r in range(1, rows):
        for c in range(1, columns):
            cost[r][c] = min(
                cost[r - 1][c - 1] + swap(reference[r - 1], heard[c - 1]),
                cost[r - 1][c] + 1,
                cost[r][c - 1] + 1,
            )
    return cost[-1][-1]


@given(ROWS, ROWS)
def test_the_distance_of_rows_is_what_it_is_by_hand(reference, heard):
    assert edit_distance(reference, heard) == pytest.approx(
        by_hand(reference, heard, phone_distance)
    )
    assert edit_distance(reference, heard, weighted=False) == by_hand(
        reference, heard, lambda a, b: float(a != b)
    )


def test_an_error_rate_is_by_sounds_of_the_reference():
    said, heard = ["θ", "ɹ", "iː", "k", "æ", "t", "s"], ["f", "ɹ", "iː", "k", "æ", "t", "s", "ə"]
    assert phoneme_error_rate(said, heard, weighted=False) == pytest.approx(2 / 7)
    assert 1 / 7 < phoneme_error_rate(said, heard) < 2 / 7
    assert phoneme_error_rate([], ["a", "t"]) == 2
    assert phoneme_error_rate([], []) == 0


def test_an_inventory_has_each_sound_once():
    assert inventory(["t", "ˈaɪ", "aɪ", "g", "ɡ", "¿"]) == ["aɪ", "t", "ɡ"]
