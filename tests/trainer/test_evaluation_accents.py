"""What stock Whisper made of accents: kept as it comes, gone on with, the same speech twice."""

import json
from dataclasses import replace

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from talkover.core.errors import DataError, WeightsError
from talkover.trainer.cli import register
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split, split_of
from talkover.trainer.evaluation.accents import (
    CLEAN,
    NOISY,
    SNR,
    Readings,
    hear_all,
    main_language,
    wanted,
)

CONTENT = """
accents = ["rp", "indian"]
themes = { everyday = 1 }
[voices]
test = ["f1", "m3"]
[switching]
patterns = ["insertion"]
pairs = ["es-en"]
foreign = 1.0
[speaker]
pitch = [40, 60]
pace = [1, 1.3]
level = [-26, -20]
[noise]
share = 0.2
snr = [-5, 30]
babble = 0.4
music = 0
lines = true
"""


class Ears:
    """Stands where Whisper does: keeps what it was given, and writes how long that was."""

    def __init__(self, patience=99):
        self.given, self.patience = [], patience

    def read(self, sounds, languages):
        if len(self.given) + len(sounds) > self.patience:
            raise KeyboardInterrupt
        self.given += zip(sounds, languages, strict=True)
        return [str(len(sound)) for sound in sounds]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "small.toml"
    path.write_text(CONTENT)
    return Recipe.load(str(path), seed=2)


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """Three utterances of each condition, and the ears that heard them."""
    path = tmp_path_factory.mktemp("readings") / "whole.jsonl"
    ears, kept = Ears(), Readings(path, recipe)
    hear_all(recipe, wanted(recipe, 3, 3), ears, kept)
    return path, ears, kept.all


def test_patterns_may_be_fewer_than_accents(recipe):
    assert wanted(recipe, 3, 1) == [0, 1, 2, 3, 4, 6, 7]
    assert wanted(recipe, 1, 2) == [0, 1, 2, 5]


def test_every_condition_is_heard_clean_and_under_noise_of_five_decibels(whole):
    _, ears, found = whole
    assert len(found) == len(ears.given) == 3 * 3 * 2
    assert {one.condition for one in found} == {"rp", "indian", "insertion"}
    noises = set()
    for place in range(0, len(found), 2):
        quiet, loud = found[place : place + 2]
        assert (quiet.sound, loud.sound) == (CLEAN, NOISY)
        assert replace(loud, sound=CLEAN, noise="") == quiet
        clean, noisy = ears.given[place][0], ears.given[place + 1][0]
        assert snr(clean, noisy - clean) == pytest.approx(SNR, abs=0.3)
        noises.add(loud.noise[:5])
    assert noises == {"noise", "babbl"}


def snr(voice, noise):
    """Of the voice where it speaks (dB)."""
    frames = voice[: len(voice) // 320 * 320].reshape(-1, 320)
    power = (frames**2).mean(axis=1)
    return 10 * np.log10(power[power >= power.max() * 0.05].mean() / np.mean(noise**2))


def test_sentences_are_those_of_the_test_split_with_their_languages(whole):
    _, ears, found = whole
    for one, (_, language) in zip(found, ears.given, strict=True):
        assert one.language == language == main_language(one.words)
        languages = {language for _, language in one.words}
        if one.condition == "insertion":
            assert languages == {"es", "en"}
        else:
            assert languages == {"en"}
            assert split_of(one.text) is Split.TEST


def test_what_was_broken_off_goes_on_to_the_same_readings(recipe, whole, tmp_path):
    path = tmp_path / "again.jsonl"
    with pytest.raises(KeyboardInterrupt):
        hear_all(recipe, wanted(recipe, 3, 3), Ears(patience=17), Readings(path, recipe))
    there = Readings(path, recipe)
    assert 0 < len(there.all) < 18
    path.write_text(path.read_text("utf-8") + '{"number": 5, "cond', "utf-8")
    ticks = []
    hear_all(recipe, wanted(recipe, 3, 3), Ears(), Readings(path, recipe), ticks.append)
    assert ticks[0] == len(there.all)
    assert sum(ticks) == 18
    assert path.read_text("utf-8") == whole[0].read_text("utf-8")


def test_a_file_of_something_else_is_not_gone_on_with(recipe, whole):
    with pytest.raises(DataError, match="readings of something else; name another file"):
        Readings(whole[0], replace(recipe, seed=1))
    assert json.loads(whole[0].read_text("utf-8").splitlines()[0])["seed"] == 2


def test_without_a_file_nothing_is_kept(recipe):
    kept = Readings(None, recipe)
    hear_all(recipe, wanted(recipe, 1, 1), Ears(), kept)
    assert len(kept.all) == 6


def test_the_main_language_is_that_of_most_words():
    assert main_language([("a", "en"), ("b", "es"), ("c", "es")]) == "es"
    assert main_language([("a", "en"), ("b", "es")]) == "en"


def test_the_command_names_the_cure_for_missing_weights(tmp_path):
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, ["eval", "accents", "--data-dir", str(tmp_path)])
    assert isinstance(result.exception, WeightsError)
    assert "talkover models pull whisper-base" in str(result.exception)
