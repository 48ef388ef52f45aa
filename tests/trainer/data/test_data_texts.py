"""Sentences and their splits."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.trainer.data.accents import accents
from talkover.trainer.data.texts import Split, Theme, draw_text, number_words, split_of


@pytest.mark.parametrize("theme", Theme)
def test_sentences_are_of_their_split_and_none_is_in_two(theme):
    random = np.random.default_rng(0)
    drawn = {split: {draw_text(theme, split, random) for _ in range(300)} for split in Split}
    for split, sentences in drawn.items():
        assert {split_of(sentence) for sentence in sentences} == {split}
    assert not drawn[Split.TRAIN] & drawn[Split.TEST]
    assert len(drawn[Split.TRAIN]) > 150


def test_case_and_punctuation_make_no_other_sentence():
    assert split_of("Is it late?") is split_of("is it LATE")


def test_the_same_seed_draws_the_same():
    first, second = (
        [draw_text(Theme.EVERYDAY, Split.TRAIN, random) for _ in range(20)]
        for random in (np.random.default_rng(7), np.random.default_rng(7))
    )
    assert first == second


@pytest.mark.parametrize("theme", Theme)
def test_every_template_is_filled_with_words_alone(theme):
    random = np.random.default_rng(1)
    for _ in range(500):
        text = draw_text(theme, Split.TRAIN, random)
        assert re.fullmatch(r"[A-Z][A-Za-z ,.?']+[.?]", text), text


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (99, "ninety nine"),
        (100, "one hundred"),
        (305, "three hundred and five"),
        (1_999, "one thousand nine hundred and ninety nine"),
        (2_050, "two thousand and fifty"),
    ],
)
def test_numbers_in_words(number, words):
    assert number_words(number) == words


@given(st.integers(0, 9_999), st.integers(0, 9_999))
def test_different_numbers_have_different_words(first, second):
    assert (number_words(first) == number_words(second)) == (first == second)


def test_all_accents_can_read_what_is_drawn():
    random = np.random.default_rng(2)
    texts = [draw_text(theme, Split.TRAIN, random) for theme in Theme for _ in range(6)]
    for one in accents().values():
        for text in texts:
            assert all(word.phones for word in one.say(text)), (one.code, text)
