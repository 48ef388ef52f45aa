import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.errors import BundleError
from talkover.core.voice.phonemes import MAX_PHONEMES, phrases, spans
from talkover.core.voice.text import tokenise


def said(text: str) -> list[str]:
    tokens = tokenise(text, english=True)
    return [
        phrase.phonemes[start:end]
        for phrase in phrases(tokens, "en-us")
        for start, end in phrase.words
    ]


def test_words_that_run_together_are_told_apart() -> None:
    assert said("in the end of the world") == ["ɪn", "ðɪʲ", "ˈɛnd", "ʌv", "ðə", "wˈɜːld"]


def test_a_word_may_be_many_spoken_words() -> None:
    assert said("It costs $5.20, Dr. Smith.") == [
        "ɪt",
        "kˈɔsts",
        "fˈaɪv dˈɑːlɚz ænd twˈɛnti sˈɛnts",
        "dˈɑːktɚ",
        "smˈɪθ",
    ]


def test_words_without_a_sound_are_empty() -> None:
    assert said("— hello 🎉 你好") == ["", "həlˈoʊ", "", ""]


def test_a_sentence_is_one_phrase() -> None:
    found = list(phrases(tokenise("Yes, of course. Dr. Who?", english=True), "en-us"))
    assert [(len(phrase.words), phrase.stop) for phrase in found] == [(3, "."), (2, "?")]


def test_a_text_without_stops_is_one_phrase_until_the_voice_cannot_take_more() -> None:
    found = list(phrases(tokenise("a number of words " * 9, english=True), "en-us"))
    assert [len(phrase.words) for phrase in found] == [36]
    found = list(phrases(tokenise("a number of words " * 60, english=True), "en-us"))
    assert sum(len(phrase.words) for phrase in found) == 240
    assert all(0 < len(phrase.phonemes) <= MAX_PHONEMES for phrase in found)


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(BundleError, match="xx-none"):
        list(phrases(tokenise("hello", english=False), "xx-none"))


@settings(max_examples=60)
@given(st.text(max_size=120), st.sampled_from(["en-us", "de", "es"]))
def test_spans_are_in_order_and_inside(text: str, language: str) -> None:
    tokens = tokenise(text, english=language == "en-us")
    found = list(phrases(tokens, language))
    assert sum(len(phrase.words) for phrase in found) == len(tokens)
    for phrase in found:
        end = 0
        for start, last in phrase.words:
            assert end <= start <= last <= len(phrase.phonemes)
            end = last


@given(st.lists(st.text("abˈː", min_size=1, max_size=6), min_size=1, max_size=8))
def test_words_that_did_not_change_in_company_are_found_exactly(words: list[str]) -> None:
    words = ["k" + word + "t" for word in words]
    clause = " ".join(words)
    assert [clause[start:end] for start, end in spans(clause, words)] == words
