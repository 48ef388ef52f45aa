"""Words, languages, loops, length and policy by themselves."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import ConfigError
from talkover.trainer.data.switching.patterns import draw
from talkover.trainer.data.switching.tokens import PAIRS, Pattern
from talkover.trainer.data.texts import Split
from talkover.trainer.reward.guards import looped, runaway
from talkover.trainer.reward.languages import align, misplaced, switches, tag
from talkover.trainer.reward.lexicon import LATIN, languages_of
from talkover.trainer.reward.policy import RewardPolicy
from talkover.trainer.reward.reference import Reference
from talkover.trainer.reward.words import LONGEST, MOST, characters_in, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, WORLD!", "hello world"),
        ("It's J\u2019ai d'accord", "it's j'ai d'accord"),
        ("e-mail vingt-deux U.S.", "e mail vingt deux u s"),
        ("3.5 % 12% 2nd 1,000", "3.5 12% 2nd 1,000"),
        ("我的 email 是 5", "我 的 email 是 5"),
        ("मेरा बिल, कब?", "मेरा बिल कब"),
        ("[Music] ♪ ♪♪ ... — ¿?", "music ♪ ♪ ♪"),
        ("Stra\u00dfe cafe\u0301", "strasse caf\u00e9"),
        ("", ""),
    ],
)
def test_words_are_without_case_and_punctuation(text, words):
    assert words_in(text) == words.split()


@given(st.text(max_size=200))
def test_any_text_has_words_that_are_found_again_in_themselves(text):
    words = words_in(text)
    assert words_in(" ".join(words)) == words
    assert all(0 < len(word) <= LONGEST and not word.isspace() for word in words)
    assert characters_in(text) >= 0


def test_words_are_bounded():
    assert len(words_in("no " * 10_000)) == len(words_in("a" * 1_000_000)) == MOST


@pytest.mark.parametrize(
    ("word", "languages"),
    [
        ("the", "en"),
        ("factura", "es"),
        ("rechnung", "de"),
        ("demain", "fr"),
        ("j'attends", "fr"),
        ("बिल", "hi"),
        ("账", "zh"),
        ("qzxvkw", "en es fr de"),
        ("5", "en es fr de hi zh"),
        ("♪", "en es fr de hi zh"),
        ("привет", ""),
        ("カ", ""),
        ("aद", ""),
    ],
)
def test_a_word_is_of_the_languages_that_use_it(word, languages):
    assert languages_of(word) == tuple(languages.split())


def test_a_word_of_several_languages_is_of_the_likeliest_first():
    assert languages_of("no")[0] == "es"
    assert {"en", "es"} <= set(languages_of("hotel"))
    assert set(languages_of("d")) == set(LATIN)


def test_hardly_a_word_is_denied_its_language():
    import numpy as np

    random = np.random.default_rng(0)
    said = {
        (word, token.language)
        for pair in PAIRS
        for pattern in Pattern
        for _ in range(60)
        for token in draw(pair, pattern, Split.TRAIN, random).tokens
        for word in words_in(token.text)
    }
    denied = {(word, code) for word, code in said if code not in languages_of(word)}
    sure = {(word, code) for word, code in said if languages_of(word) == (code,)}
    assert len(said) > 1_000
    assert len(denied) / len(said) < 0.01
    assert len(sure) / len(said) > 0.7


@pytest.mark.parametrize(
    ("said", "heard", "places"),
    [
        ("a b c", "a b c", [0, 1, 2]),
        ("a b c", "a c", [0, 2]),
        ("a c", "a b c", [0, None, 1]),
        ("want pagar", "wanted to pagar", [0, None, 1]),
        ("le premier train", "the first train", [0, 1, 2]),
        ("", "a b", [None, None]),
        ("a b", "", []),
    ],
)
def test_words_are_laid_beside_those_that_are_like_them(said, heard, places):
    assert align(said.split(), heard.split()) == places


@pytest.mark.parametrize(
    ("heard", "languages", "wrong"),
    [
        ("I pay la factura today", "en en es es en", (0, 0)),
        ("I pay the factura today", "en en en es en", (0, 1)),
        ("I pay la faktur today", "en en es es en", (0, 0)),
        ("I pay la qzxv today", "en en es es en", (0, 0)),
        ("I pago la factura today", "en es es es en", (0, 1)),
        ("I pay the bill today", "en en en en en", (2, 2)),
        ("I pay la factura hoy", "en en es es es", (1, 1)),
        ("I pay la factura heute", "en en es es de", (0, 1)),
        ("I pay la факту today", "en en es  en", (1, 1)),
    ],
)
def test_only_what_is_surely_of_another_language_counts(heard, languages, wrong):
    said = Reference.of([("I pay", "en"), ("la factura", "es"), ("today", "en")]).tokens
    tokens, places = tag(words_in(heard), said)
    assert [token.language for token in tokens] == languages.split(" ")
    assert (abs(switches(tokens) - switches(said)), misplaced(tokens, places, said)) == wrong


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("no no", 0),
        ("no no no", 1),
        ("no no no no", 2),
        ("a b a b", 0),
        ("a b a b a", 1),
        ("a b a b a b", 2),
        ("x a b c a b c a b c y", 3),
        ("a b c d e f g h i j", 0),
        ("a a b b c c", 0),
    ],
)
def test_words_from_the_third_time_on_are_a_loop(text, count):
    assert looped(text.split()) == count


def test_a_text_may_be_longer_and_not_much_longer():
    policy = RewardPolicy(room=2.0, slack=10)
    assert runaway(30, 10, policy) == 0
    assert runaway(60, 10, policy) == 1
    assert runaway(0, 0, policy) == 0
    assert runaway(20, 0, policy) == 1
    assert runaway(5, 0, RewardPolicy(slack=0)) == 5


def test_a_policy_comes_from_a_table_of_a_recipe():
    policy = RewardPolicy.of({"switch": 0.2, "slack": 10})
    assert (policy.switch, policy.slack) == (0.2, 10)
    assert policy.loop == RewardPolicy().loop
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.switch = 0.3


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"swich": 1}, "no reward weight 'swich'; there are far, switch"),
        ({"switch": -0.1}, "switch = -0.1; set it to 0 or more"),
        ({"switch": float("nan")}, "switch = nan"),
        ({"runaway": float("inf")}, "runaway = inf"),
        ({"loop": "much"}, "loop = 'much'"),
        ({"loop": True}, "loop = True"),
        ({"agreement": 0.6}, "agreement = 0.6; set it to 0 to 0.5"),
        ({"far": 0}, "far = 0; set it to 0.01 to 1"),
        ({"lightest": 1.5}, "lightest = 1.5; set it to 0 to 1"),
        ({"heaviest": 0.5}, "heaviest = 0.5; set it to 1 or more"),
        ({"silence": 0}, "silence = 0"),
    ],
)
def test_a_policy_that_would_pay_for_errors_is_refused(table, message):
    with pytest.raises(ConfigError) as caught:
        RewardPolicy.of(table)
    assert message in str(caught.value)
