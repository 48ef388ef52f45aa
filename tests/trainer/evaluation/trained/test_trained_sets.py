"""What readers are judged on: the test split, the same every time, and nobody who was heard."""

import numpy as np
import pytest

from talkover.core.audio.prompts import find_prompts
from talkover.core.errors import ConfigError, DataError
from talkover.trainer.data.engines.voices import voice
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.switching.tokens import Pattern
from talkover.trainer.data.texts import Split, split_of
from talkover.trainer.evaluation.trained.clips import CLEAN, NOISY
from talkover.trainer.evaluation.trained.material import (
    CONVERSATIONS,
    DIALECTS,
    REAL,
    SETS,
    SILENCE,
    SPLICED,
)
from talkover.trainer.evaluation.trained.sets import Wanted, named, open_material
from talkover.trainer.evaluation.trained.spoken import unheard
from talkover.trainer.evaluation.trained.talks import within

needs_people = pytest.mark.skipif(
    not all(map(find_prompts, ("en", "es", "fr"))), reason="no recordings of people"
)


def some(name, count=1, learnt=(), seed=0):
    with open_material(name, seed, learnt) as material:
        return [material.make(number) for number in material.numbers(count)]


def same(first, second):
    return all(
        one[0] == other[0] and np.array_equal(one[1], other[1])
        for one, other in zip(first, second, strict=True)
    )


def test_accents_and_patterns_by_test_voices_at_mixed_noise():
    with open_material(DIALECTS, 0) as material:
        assert len(material.conditions) == 22
        numbers = material.numbers(2)
        found = [material.make(numbers[place]) for place in (0, 8, 21)]
    voices = Recipe.load(DIALECTS).voices[Split.TEST]
    for clip, pcm in found:
        assert clip.voice.removeprefix("espeak-") in voices or clip.voice == "flite-awb"
        assert pcm.dtype == np.float32
        if clip.condition not in {pattern.value for pattern in Pattern}:
            assert split_of(clip.text) is Split.TEST
    assert found[2][0].switches


def test_the_held_out_engine_is_one_that_training_never_hears():
    with unheard(0, ["without_flite"]) as material:
        clip, _ = material.make(0)
        assert len(material.conditions) == 14
        assert voice(clip.voice).engine == "flite"
        assert "training heard" not in material.about
    learnt = Recipe.load("without_flite")
    assert "flite" not in {guest.engine for guest in learnt.guests}


def test_whoever_was_heard_does_not_speak_and_it_is_told():
    with unheard(0, ["dialects17x5"]) as material:
        assert material.conditions == ("scottish",)
        assert len(material.numbers(5)) == 20
        assert "training heard others of its voices" in material.about


def test_nobody_is_left_when_all_were_heard(tmp_path):
    path = tmp_path / "all.toml"
    content = """
accents = ["rp"]
themes = { everyday = 1 }
[voices]
train = ["f1"]
[engines.flite]
share = 0.5
train = ["flite-slt", "flite-rms", "flite-awb", "flite-kal16"]
[speaker]
pitch = [40, 60]
pace = [1, 1]
level = [-26, -20]
[noise]
share = 0
snr = [0, 1]
babble = 0
music = 0
lines = false
"""
    path.write_text(content)
    with pytest.raises(DataError, match="learnt from everybody who speaks by flite"):
        unheard(0, [str(path)])


@needs_people
def test_people_are_heard_clean_and_at_five_decibels():
    found = some(REAL)
    assert [(clip.condition, clip.sound) for clip, _ in found] == [
        (language, sound) for language in ("en", "es", "fr") for sound in (CLEAN, NOISY)
    ]
    assert same(found, some(REAL))
    assert not same(found, some(REAL, seed=1))
    for (clean, quiet), (noisy, loud) in zip(found[::2], found[1::2], strict=True):
        assert clean.text == noisy.text
        assert split_of(clean.text) is Split.TEST
        assert (clean.snr, noisy.snr) == (None, 5.0)
        assert len(quiet) == len(loud)
        assert not np.array_equal(quiet, loud)


@needs_people
def test_no_more_prompts_are_asked_for_than_there_are():
    with open_material(REAL, 0) as material:
        every = material.numbers(10_000)
        clips = [material.make(number)[0] for number in every if number % 2 == 0]
    assert len(every) < 10_000
    assert len({(clip.condition, clip.text) for clip in clips}) > 0.9 * len(clips)


@needs_people
def test_switches_are_spliced_from_recordings():
    found = some(SPLICED)
    assert [clip.condition for clip, _ in found[::2]] == [pattern.value for pattern in Pattern]
    assert all(clip.switches for clip, _ in found)
    assert same(found, some(SPLICED))


def test_nobody_says_anything_in_clips_without_words():
    found = some(SILENCE, count=8)
    assert [clip.condition for clip, _ in found[:3]] == ["silence", "noise", "music"]
    assert {clip.language for clip, _ in found} == {"en", "es", "fr"}
    assert all(not clip.words for clip, _ in found)
    assert same(found, some(SILENCE, count=8))
    loudest = {
        kind: max(np.abs(pcm).max() for clip, pcm in found if clip.condition == kind)
        for kind in ("silence", "noise", "music")
    }
    assert loudest["silence"] < 0.01 < loudest["noise"]
    assert all(1.0 <= len(pcm) / 16_000 <= 10.0 for _, pcm in found)


def test_both_lanes_of_a_talk_belong_together():
    found = some(CONVERSATIONS)
    assert [(clip.group, clip.lane) for clip, _ in found] == [
        ("00000", "caller"),
        ("00000", "agent"),
    ]
    assert all(clip.words and len(pcm) for clip, pcm in found)
    assert same(found, some(CONVERSATIONS))


def test_a_turn_that_is_too_long_is_heard_from_a_word_on():
    class Word:
        def __init__(self, text, start):
            self.text, self.start, self.language = text, start, ""

    class Turn:
        start, end = 100, 500
        words = (Word("one", 100), Word("two", 250), Word("three", 400))

    assert within(Turn, 1000) == (100, (("one", "en"), ("two", "en"), ("three", "en")))
    assert within(Turn, 260) == (250, (("two", "en"), ("three", "en")))
    assert within(Turn, 10) == (100, ())


def test_sets_are_named_with_commas():
    assert named(" real,engine ,real,") == ("real", "engine")
    assert Wanted(("real",)).of("real") == 30
    assert Wanted(SETS, count=7, wordless=9).of(SILENCE) == 9
    with pytest.raises(ConfigError, match="no set 'reel'; name some of dialects17x5, engine"):
        Wanted(named("reel"))
    with pytest.raises(ConfigError, match="no set is named"):
        Wanted(named(","))
