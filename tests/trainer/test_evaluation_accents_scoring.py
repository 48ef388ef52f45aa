"""Errors in words and sounds where the language changes; and the table and page made of them."""

from base64 import b64decode

import numpy as np
import pytest
import soundfile

from talkover.core.report import Report, to_html
from talkover.trainer.data.accents import accent
from talkover.trainer.evaluation.accents import CLEAN, NOISY, Heard
from talkover.trainer.evaluation.accents_distance import said_by
from talkover.trainer.evaluation.accents_page import opus
from talkover.trainer.evaluation.accents_report import (
    APART,
    CAPPED,
    PHONES,
    WORDS,
    listings,
    measures,
    rate,
    rates,
)
from talkover.trainer.evaluation.accents_scoring import (
    languages_of_written,
    normalised,
    score_all,
)

SAID = [("quiero", "es"), ("cancelar", "es"), ("my", "en"), ("order", "en"), ("hoy", "es")]


def heard(said, written, condition="rp", sound=CLEAN, number=0):
    words = tuple(said) if isinstance(said, list) else tuple((w, "en") for w in said.split())
    text = " ".join(word for word, _ in words)
    return Heard(number, condition, sound, "", text, words, words[0][1], written)


def score(said, written):
    (one,) = score_all([heard(said, written)])
    return one


def test_what_was_heard_right_has_no_errors_however_it_is_spelt():
    one = score("I ordered thirty two of them.", "i ordered 32 of them")
    assert (one.word_errors, one.phone_errors, one.apart) == (0, 0, 0)
    assert one.words == 6
    assert one.phones > 12


def test_a_near_miss_costs_a_word_but_little_of_its_sound():
    near, far = (
        score("the vine is red", "the wine is red"),
        score("the vine is red", "the moon is red"),
    )
    assert near.word_errors == far.word_errors == 1
    assert 0 < near.phone_errors < far.phone_errors
    assert 0 < near.apart < near.phone_errors


def test_numbers_are_compared_digit_by_digit():
    """Of six digits one is wrong, and no more than its sounds."""
    one = score("four two seven one nine five", "4 2 7 1 5 5")
    assert one.word_errors == 1
    assert one.phone_errors <= 3


def test_a_loop_counts_as_what_it_is():
    assert score("stop it", "stop it stop it stop it").word_errors == 4


def test_a_loop_is_all_wrong_and_no_more_where_errors_are_capped():
    scores = [score("stop it", "stop it stop it stop it stop it"), score("go on", "go on")]
    assert rate(scores, WORDS).percent == 150
    assert rate(scores, CAPPED).percent == 50


def test_written_words_are_of_the_language_of_what_was_said_there():
    plain = [word for word, _ in SAID]
    assert languages_of_written(plain, SAID) == [code for _, code in SAID]
    assert languages_of_written(["quiero", "my", "older", "boy"], SAID) == ["es", "en", "en", "es"]
    assert languages_of_written(["yo", *plain], SAID)[0] == "es"
    assert languages_of_written([], SAID) == []
    assert languages_of_written(["请", "मेरा", "x"], [("please", "en")]) == ["zh", "hi", "en"]


def test_a_switched_sentence_is_scored_in_both_languages():
    right = score(SAID, "Quiero cancelar my order hoy.")
    assert (right.word_errors, right.words, right.phone_errors) == (0, 5, 0)
    other = score(SAID, "Quiero cancelar mi orden hoy.")
    assert other.word_errors == 2
    assert 0 < other.apart < other.phone_errors < right.phones / 2


def test_chinese_is_compared_by_the_character_and_hindi_keeps_its_vowels():
    said = [("我要", "zh"), ("cancel", "en")]
    assert [word for word, _ in normalised(said)] == ["我", "要", "cancel"]
    assert normalised([("मेरी,", "hi")]) == [("मेरी", "hi")]
    assert score([("मेरी", "hi"), ("flight", "en")], "मेरी flight").word_errors == 0


@pytest.fixture(scope="module")
def scores():
    """Two conditions; under noise one of them is misheard more."""
    found = []
    for number in range(12):
        condition = ("rp", "tag")[number % 2]
        wrong = "put the seven read hens at the store" if number % 3 else "turn it down please"
        for sound in (CLEAN, NOISY):
            text = "turn it down please" if sound == CLEAN and condition == "rp" else wrong
            found.append(heard("turn it down please", text, condition, sound, number))
    return score_all(found)


def test_rates_are_pooled_with_intervals(scores):
    found = rates(scores, ["rp", "tag", "never"])
    assert list(found) == ["rp", "tag"]
    assert found["rp"][CLEAN][WORDS].percent == 0
    assert found["rp"][NOISY][WORDS].percent == pytest.approx(100 * 8 * 4 / 24, rel=0.35)
    low, high = found["tag"][NOISY][PHONES].interval
    assert low < found["tag"][NOISY][PHONES].percent < high
    assert found["tag"][NOISY][APART].percent < found["tag"][NOISY][PHONES].percent
    assert np.isnan(rate([], WORDS).percent)


def test_the_table_and_the_page_show_every_condition(scores):
    said = {code: said_by(accent(code)) for code in ("general_american", "indian")}
    table, apart = listings(scores, ["rp", "tag"], said)
    assert [row[:2] for row in table.rows] == [("rp", "6"), ("tag", "6")]
    assert apart.rows[0][0] == "indian"
    assert "→" in apart.rows[0][3]
    found = measures(scores, ["rp", "tag"], said)
    assert [one.met for one in found] == [True] + [None] * 12
    page = to_html(Report(title="t", measures=found), [table.section(), apart.section()])
    assert "word errors, tag, 5 dB" in page


def test_a_sound_in_the_page_can_be_heard(tmp_path):
    tone = np.sin(np.arange(32_000) / 9).astype(np.float32) * np.float32(0.3)
    kind, data = opus(tone).split(",")
    assert kind == "data:audio/ogg;base64"
    path = tmp_path / "t.ogg"
    path.write_bytes(b64decode(data))
    assert len(data) < 12_000
    pcm, rate = soundfile.read(path)
    assert len(pcm) / rate == pytest.approx(2, abs=0.1)
    assert np.sqrt(np.mean(pcm**2)) == pytest.approx(0.21, abs=0.05)
