"""Code-switched sentences: of their pattern, of their split, in their scripts."""

import re

import numpy as np
import pytest

from talkover.core.errors import DataError
from talkover.trainer.data.switching.measures import fault_of
from talkover.trainer.data.switching.patterns import draw
from talkover.trainer.data.switching.templates import begun, plain, speaker, tokens_of
from talkover.trainer.data.switching.tokens import PAIRS, Pattern, Token, written
from talkover.trainer.data.texts import Split, Theme, sentence_of, split_of

SCRIPTS = {
    "en": r"[A-Za-z]+",
    "es": r"[A-Za-zñáéíóúüÁÉÍÓÚÑ]+",
    "fr": r"[A-Za-zàâçéèêëîïôœùûÀÉÈÊÎÔ]+",
    "de": r"[A-Za-zäöüßÄÖÜ]+",
    "hi": r"[\u0900-\u0963]+",
    "zh": r"[\u4e00-\u9fff]+",
}
CASES = [(pair, pattern) for pair in PAIRS for pattern in Pattern]


def drawn(pair, pattern, count, split=Split.TRAIN, seed=0):
    random = np.random.default_rng(seed)
    return [draw(pair, pattern, split, random) for _ in range(count)]


@pytest.mark.parametrize(("pair", "pattern"), CASES)
def test_every_sentence_is_of_its_pattern_and_there_are_many(pair, pattern):
    texts = drawn(pair, pattern, 120)
    assert [fault_of(text) for text in texts] == [""] * len(texts)
    assert len({text.text for text in texts}) > 100
    assert {text.matrix for text in texts} == set(pair.split("-"))
    assert {text.theme for text in texts} == {Theme.CALL_CENTRE, Theme.EVERYDAY}


@pytest.mark.parametrize(("pair", "pattern"), CASES)
def test_a_word_is_written_in_the_script_of_its_language(pair, pattern):
    for text in drawn(pair, pattern, 40, seed=1):
        for token in text.tokens:
            letters = "".join(c for c in token.text if c.isalpha() or "\u0900" <= c <= "\u0963")
            assert re.fullmatch(SCRIPTS[token.language], letters), (token, text.text)
        assert not re.search(r"[{}\[\]0-9]", text.text), text.text


@pytest.mark.parametrize("pattern", Pattern)
@pytest.mark.parametrize("pair", ["es-en", "hi-en", "zh-en"])
def test_no_sentence_is_in_two_splits(pair, pattern):
    splits = {s: {t.text for t in drawn(pair, pattern, 10, s, seed=2)} for s in Split}
    for split, texts in splits.items():
        assert {split_of(text) for text in texts} == {split}
    assert not splits[Split.TRAIN] & splits[Split.TEST]


def test_a_sentence_beside_another_is_of_the_split_by_itself():
    for text in drawn("de-en", Pattern.BETWEEN, 10, Split.TEST):
        for language in text.languages:
            alone = tuple(token for token in text.tokens if token.language == language)
            assert split_of(written(alone)) is Split.TEST, text.text


def test_the_same_seed_draws_the_same():
    assert drawn("fr-en", Pattern.TAG, 20) == drawn("fr-en", Pattern.TAG, 20)


@pytest.mark.parametrize("pair", PAIRS)
def test_what_is_borrowed_is_names_and_numbers(pair):
    both = speaker(pair)
    names = {"name", "name_m", "street", "town", "digit", "count", "letter", "clock"}
    for text in drawn(pair, Pattern.BORROWED, 60, seed=3):
        guest = both.partner(text.matrix)
        lists = [both.files[guest]["lists"].get(name, []) for name in names]
        known = {word for entries in lists for entry in entries for word in entry.split()}
        known |= {word[:1].upper() + word[1:] for word in known}
        said = {
            token.text.strip(",.?:¿，。？।") for token in text.tokens if token.language == guest
        }
        assert said <= known, (said - known, text.text)


def test_chinese_has_no_spaces_and_others_have():
    tokens = (Token("我的", "zh"), Token("订单", "zh"), Token("order", "en"), Token("很", "zh"))
    assert written(tokens) == "我的订单 order 很"
    assert written((Token("到，", "zh"), Token("right?", "en"))) == "到，right?"


def test_a_word_of_two_languages_is_refused():
    with pytest.raises(DataError, match="'Gecheckt' is a word of 2 languages"):
        tokens_of([*plain("ge", "de"), *plain("check", "en"), *plain("t", "de")])


def test_a_capital_follows_an_inverted_mark():
    assert "".join(c for c, _ in begun(plain("¿qué?", "es"))) == "¿Qué?"


@pytest.mark.parametrize(
    ("pair", "options", "message"),
    [
        ("it-en", {}, "no pair 'it-en'; there are es-en"),
        ("es-en", {"matrix": "fr"}, "in the frame of 'fr'"),
        ("es-en", {"theme": Theme.PICTURES}, "about pictures"),
    ],
)
def test_what_nobody_says_is_refused(pair, options, message):
    with pytest.raises(DataError, match=message):
        draw(pair, Pattern.TAG, Split.TRAIN, np.random.default_rng(0), **options)


def test_words_of_every_script_tell_sentences_apart():
    assert sentence_of("मेरी माँ") != sentence_of("मेरा मामा")
    assert sentence_of("मेरी माँ।") == sentence_of("मेरी माँ")
    assert sentence_of("我 的 订单，right?") == sentence_of("我的订单 Right")
    assert sentence_of("está") == sentence_of("esta\u0301")
    assert sentence_of("está") != sentence_of("esta")
