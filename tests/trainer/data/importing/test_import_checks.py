"""What is wrong with sounds and texts, and what is not."""

from dataclasses import replace

import numpy as np
import pytest

from talkover.trainer.data.importing.checks import (
    Limits,
    claim_findings,
    length_findings,
    pace_findings,
    signal_to_noise,
    sound_findings,
    speech_level,
    text_findings,
    tidy,
)
from talkover.trainer.data.importing.entries import Entry, Reason

RATE = 16_000
LIMITS = Limits()


def speech(seconds=2.0, level=0.1, seed=0):
    """Noise that comes and goes, as syllables do."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    swell = np.clip(np.sin(2 * np.pi * 2 * time), 0, 1)
    return (random.standard_normal(len(time)) * swell * level).astype(np.float32)


def reasons(sound):
    return [one.reason for one in sound_findings(np.atleast_2d(sound.T).T, RATE, LIMITS)]


def test_nothing_is_wrong_with_speech():
    assert reasons(speech()) == []
    assert reasons(np.stack([speech(), speech() * 0.5], axis=1)) == []


@pytest.mark.parametrize("gain", [3, 10])
def test_a_top_that_was_cut_off_is_seen_at_any_level(gain):
    cut = np.clip(speech() * gain, -0.4, 0.4)
    assert reasons(cut) == [Reason.CLIPPED]
    assert reasons(cut * 0.3) == [Reason.CLIPPED]
    assert reasons(speech() * 2) == []


def test_what_is_beyond_full_scale_would_be_cut_off():
    assert reasons(speech(level=0.6)) == [Reason.CLIPPED]


def test_a_low_tone_is_not_taken_for_a_flat_top():
    time = np.arange(RATE) / RATE
    assert reasons((0.5 * np.sin(2 * np.pi * 90.3 * time)).astype(np.float32)) == []


def test_a_voice_that_is_silent_or_off_zero():
    assert reasons(speech(level=0.001)) == [Reason.SILENT]
    assert reasons(np.zeros(RATE, np.float32)) == [Reason.SILENT]
    assert reasons(speech() - 0.05) == [Reason.OFFSET]


def test_channels_that_are_dead_or_cancel_each_other():
    voice = speech()
    (dead,) = sound_findings(np.stack([voice * 1e-4, voice], axis=1), RATE, LIMITS)
    assert (dead.reason, dead.detail) == (
        Reason.CHANNELS,
        "channel 0 is dead; give --channel 1",
    )
    assert reasons(np.stack([voice, -voice], axis=1)) == [Reason.CHANNELS]


def test_not_a_number_is_found_before_all_else():
    broken = speech()
    broken[7] = np.inf
    assert reasons(broken) == [Reason.NOT_FINITE]


def test_lengths():
    assert [one.reason for one in length_findings(0.002, LIMITS)] == [Reason.TOO_SHORT]
    assert [one.reason for one in length_findings(31.0, LIMITS)] == [Reason.TOO_LONG]
    assert length_findings(3.0, LIMITS) == []


def claims(rate=RATE, **told):
    entry = Entry("here", "a.wav", "hello", **told)
    return [one.reason for one in claim_findings(entry, 10.0, rate, LIMITS)]


def test_a_source_may_be_a_little_wrong_about_a_length():
    assert claims(claimed=10.15) == []
    assert claims(claimed=10.3) == [Reason.DURATION]
    assert claims(begin=5.0, seconds=5.1) == []
    assert claims(begin=5.0, seconds=6.0) == [Reason.DURATION]


def test_rates_and_votes():
    assert claims(rate=4_000) == [Reason.RATE]
    assert claims(rate=16_000) == []
    entry = Entry("here", "a.wav", "hello", rate=8_000)
    assert [one.reason for one in claim_findings(entry, 10.0, RATE, LIMITS)] == [Reason.RATE]
    assert claims(votes=(2, 0)) == claims(votes=(3, 1)) == claims(votes=(0, 0)) == []
    assert claims(votes=(1, 1)) == [Reason.VOTES]


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Where’s the “thing” – isn't it here? Yes, well… (no)!", "en-GB"),
        ("¿Qué tal, señor Núñez?", "es_MX"),
        ("मैं कल दिल्ली जाऊँगा।", "hi-IN"),
        ("می‌خواهم بروم", "fa-IR"),  # with a joiner that is spelling
        ("我明天去北京。", "zh-CN"),
        ("コーヒーをください", "ja-JP"),
        ("Це моє ім'я, а це твоє імʼя", "uk-UA"),
        ("Čovek / човек"[:5], "sr-RS"),
        ("tlhIngan maH", "tlh"),  # whose script is not known here
    ],
)
def test_texts_as_their_languages_are_written(text, locale):
    assert text_findings(text, locale, LIMITS) == []


@pytest.mark.parametrize(
    ("text", "locale", "reason"),
    [
        ("", "en-GB", Reason.NO_TEXT),
        (" … ?!", "en-GB", Reason.NO_TEXT),
        ("hello", "", Reason.NO_LOCALE),
        ("Nein, привет", "de-DE", Reason.SCRIPT),
        ("सब OK", "hi-IN", Reason.SCRIPT),
        ("room 42", "en-GB", Reason.DIGITS),
        ("fifty %", "en-GB", Reason.DIGITS),
        ("[laughs] no", "en-GB", Reason.MARKUP),
        ("this &amp; that", "en-GB", Reason.MARKUP),
        ("see www.example.org", "en-GB", Reason.MARKUP),
        ("broken \ufffd", "en-GB", Reason.MARKUP),
        ("nice \N{PARTY POPPER}", "en-GB", Reason.MARKUP),
        ("zero\u200bwidth", "en-GB", Reason.CONTROL),
        ("bell\x07", "en-GB", Reason.CONTROL),
    ],
)
def test_texts_that_are_not(text, locale, reason):
    assert reason in [one.reason for one in text_findings(text, locale, LIMITS)]


def test_digits_and_switches_may_be_asked_for():
    assert text_findings("room 42", "en-GB", replace(LIMITS, digits=True)) == []
    assert text_findings("42", "en-GB", replace(LIMITS, digits=True)) == []
    assert text_findings("सब OK", "hi-IN", LIMITS, ("en",)) == []


def test_a_text_is_composed_and_its_lines_are_joined():
    assert tidy(" Ame\u0301lie\n  dit\toui ") == "Amélie dit oui"
    assert text_findings("two\nlines", "en-GB", LIMITS) == []


def test_nobody_speaks_that_fast_or_that_slowly():
    sentence = "the quick brown fox jumps over the lazy dog"
    assert pace_findings(sentence, 2.5, LIMITS) == []
    assert [one.reason for one in pace_findings(sentence, 1.0, LIMITS)] == [Reason.TOO_FAST]
    assert [one.reason for one in pace_findings("yes", 20.0, LIMITS)] == [Reason.TOO_SLOW]
    chinese = "我明天去北京看我的朋友"
    assert pace_findings(chinese, 2.2, LIMITS) == []
    assert [one.reason for one in pace_findings(chinese, 1.0, LIMITS)] == [Reason.TOO_FAST]


def test_a_finding_does_not_tell_what_was_said():
    found = text_findings("my pin is secret 4711 <b>", "en-GB", LIMITS)
    assert "secret" not in str(found)


def test_levels_in_decibels():
    time = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * time).astype(np.float32)
    assert speech_level(tone, RATE) == pytest.approx(-3.01, abs=0.05)
    noise = np.random.default_rng(1).standard_normal(RATE).astype(np.float32)
    loud, soft = noise.copy(), noise * np.float32(10 ** (-25 / 20))
    assert signal_to_noise(np.concatenate([loud, soft]), RATE) == pytest.approx(25, abs=1.5)
