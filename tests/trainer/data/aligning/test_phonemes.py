"""Sounds of texts in several languages."""

import pytest

from talkover.core.errors import ConfigError, DataError
from talkover.trainer.data.aligning.features import features_of
from talkover.trainer.data.aligning.phonemes import phonemes_of, read_all, said_words, words_of


@pytest.mark.parametrize(
    ("language", "text", "sounds"),
    [
        ("es", "¿Quiero una cerveza?", "kjeɾo una seɾβesa"),
        ("fr", "s'il vous plaît", "sil vu plɛ"),
        ("de", "Ich möchte zwölf.", "ɪç mœçtə tsvœlf"),
        ("hi", "पसंद है", "pəsʌnd hɛː"),
        ("zh", "我是中国人", "wo ʂɨ tʂoŋ kuo ʐən"),
        ("en", "The park, 2 cats", "ðə pɑːɹk tuː kæts"),
    ],
)
def test_each_word_has_its_sounds_and_no_marks(language, text, sounds):
    found = phonemes_of(text, language)
    assert " ".join("".join(some) for some in found) == sounds
    assert len(found) == len(words_of(text))
    assert all(features_of(symbol) for some in found for symbol in some)


def test_a_vowel_and_its_r_are_two_sounds():
    assert phonemes_of("park", "en") == [("p", "ɑː", "ɹ", "k")]


def test_many_texts_at_once_are_what_each_is_alone():
    texts = ["cuatro gatos", "U.S.", "", "12, 3.5 — gatos"]
    assert read_all(texts, "es") == [phonemes_of(text, "es") for text in texts]


def test_english_is_said_in_an_accent_and_other_languages_as_they_are():
    said = said_words([("the", "en"), ("bath", "en"), ("gracias", "es"), ("中国", "zh")], "rp")
    assert [word.ipa for word in said] == ["ðə", "bˈɑːθ", "ɡɾasjas", "tʂoŋkuo"]
    assert said_words([("bath", "en")])[0].ipa == "bˈæθ"
    assert said_words([("the", "en")], "foreign-fr")[0].ipa == "zə"


def test_what_cannot_be_read_is_refused():
    with pytest.raises(ConfigError, match="espeak-ng failed"):
        phonemes_of("word", "xx")
    with pytest.raises(DataError, match="split it"):
        phonemes_of("a " * 2_000, "es")
    with pytest.raises(DataError, match="write them apart"):
        said_words([("two words", "en")])
