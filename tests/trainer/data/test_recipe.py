"""Sets from recipes."""

from dataclasses import replace

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.clean import clean
from talkover.trainer.data.recipe import Recipe, recipes
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split, split_of
from talkover.trainer.data.throat import Throat

RECIPE = replace(Recipe.load("dialects17"), music=0.0)  # which not every machine has


@pytest.fixture(scope="module")
def throat():
    with Throat() as throat:
        yield throat


@pytest.fixture(scope="module")
def made(throat):
    studio = Studio(RECIPE, Split.TRAIN, throat)
    return [studio.utterance(number) for number in range(34)]


def test_an_utterance_does_not_depend_on_what_was_made_before(made):
    with Throat() as other:
        studio = Studio(RECIPE, Split.TRAIN, other)
        for number in (33, 4, 11):
            again, before = studio.utterance(number), made[number]
            assert np.array_equal(again.pcm, before.pcm)
            assert np.array_equal(again.clean.pcm, before.clean.pcm)
            assert (again.clean.name, again.clean.text, again.clean.words) == (
                before.clean.name,
                before.clean.text,
                before.clean.words,
            )


def test_another_seed_or_split_makes_others(throat, made):
    recipe = Recipe.load("dialects17")
    other = clean(Recipe.load("dialects17", seed=1), Split.TRAIN, 0, throat)
    held_out = clean(recipe, Split.TEST, 0, throat)
    assert len({other.name, held_out.name, made[0].clean.name}) == 3
    assert split_of(held_out.text) is held_out.split is Split.TEST
    assert held_out.voice not in recipe.voices[Split.TRAIN]


def test_every_accent_comes_in_turn_and_all_is_as_it_should_be(made):
    said = [one.clean for one in made]
    assert [one.accent for one in said[:17]] == list(Recipe.load("dialects17").accents)
    assert len({one.name for one in said}) == len(made)
    assert {one.locale for one in said} > {"en-US", "en-GB", "en-IN", "en-NG"}
    for one in made:
        assert one.pcm.dtype == one.clean.pcm.dtype == np.float32
        assert one.pcm.shape == one.clean.pcm.shape
        assert 0.5 < len(one.pcm) / RATE < 20
        assert np.isfinite(one.pcm).all()
        assert np.abs(one.pcm).max() > 0.001
    for one in said:
        assert " ".join(word.text for word in one.words) == one.text
        assert 0 < one.words[0].start < one.words[-1].end < len(one.pcm)
        assert one.languages == ("en",)


def test_a_recipe_of_ones_own(tmp_path, throat):
    listed = {"accents": '["rp"]', "themes": "{ everyday = 1 }"}
    path = tmp_path / "mine.toml"
    path.write_text(
        "\n".join(f"{name} = {value}" for name, value in listed.items())
        + '\n[voices]\ntrain = ["f1"]\n[speaker]\npitch = [40, 60]\npace = [1, 1]\n'
        "level = [-20, -20]\n[noise]\nshare = 0\nsnr = [0, 0]\nbabble = 0\nmusic = 0\n"
        "lines = false\n"
    )
    one = Studio(Recipe.load(str(path)), Split.TRAIN, throat).utterance(0)
    assert (one.clean.accent, one.clean.speaker, one.snr, one.noise) == (
        "rp",
        "espeak-f1",
        None,
        "",
    )
    assert one.clean.name.startswith("mine-0-train-")
    assert np.array_equal(one.pcm, one.clean.pcm)


SPEAKER = "[speaker]\npitch = [1, 2]\npace = [1, 1]\nlevel = [-9, -9]\n[noise]\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("accents = 3", "not iterable"),
        ('accents = ["martian"]', "no accent 'martian'"),
        ('accents = ["rp"]\n[voices]\ntrain = ["f1"]\ntest = ["f1"]', "two splits"),
        (f'accents = ["rp"]\n[voices]\n{SPEAKER}babble = 0.6\nmusic = 0.5', "more than all"),
        ("=", "Invalid|Expected"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_named(tmp_path, content, fault):
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(DataError, match=f"recipe .*bad.toml cannot be used: .*({fault})"):
        Recipe.load(str(path))


def test_a_recipe_that_is_not_there_is_answered_with_those_there_are():
    assert "dialects17" in recipes()
    with pytest.raises(DataError, match="no recipe 'nothing'; there are dialects17"):
        Recipe.load("nothing")
