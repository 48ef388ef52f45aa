"""Sets from recipes."""

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.recipe import Recipe, recipes, utterance
from talkover.trainer.data.texts import Split, split_of
from talkover.trainer.data.throat import Throat


@pytest.fixture(scope="module")
def throat():
    with Throat() as throat:
        yield throat


@pytest.fixture(scope="module")
def made(throat):
    recipe = Recipe.load("dialects17")
    return [utterance(recipe, Split.TRAIN, number, throat) for number in range(34)]


def test_an_utterance_does_not_depend_on_what_was_made_before(made):
    recipe = Recipe.load("dialects17")
    with Throat() as other:
        for number in (33, 4, 11):
            again = utterance(recipe, Split.TRAIN, number, other)
            assert np.array_equal(again.pcm, made[number].pcm)
            assert (again.name, again.text, again.words) == (
                made[number].name,
                made[number].text,
                made[number].words,
            )


def test_another_seed_or_split_makes_others(throat, made):
    other = utterance(Recipe.load("dialects17", seed=1), Split.TRAIN, 0, throat)
    held_out = utterance(Recipe.load("dialects17"), Split.TEST, 0, throat)
    assert len({other.name, held_out.name, made[0].name}) == 3
    assert split_of(held_out.text) is Split.TEST
    assert held_out.voice not in Recipe.load("dialects17").voices[Split.TRAIN]


def test_every_accent_comes_in_turn_and_all_is_as_it_should_be(made):
    assert [one.accent for one in made[:17]] == list(Recipe.load("dialects17").accents)
    assert len({one.name for one in made}) == len(made)
    assert {one.noise[:5] for one in made} > {"noise", "babbl"}
    for one in made:
        assert one.pcm.dtype == np.float32
        assert 0.5 < len(one.pcm) / RATE < 20
        assert np.isfinite(one.pcm).all()
        assert np.abs(one.pcm).max() > 0.001
        assert " ".join(word.text for word in one.words) == one.text
        assert 0 < one.words[0].start < one.words[-1].end < len(one.pcm)


def test_a_recipe_of_ones_own(tmp_path, throat):
    listed = {"accents": '["rp"]', "themes": "{ everyday = 1 }"}
    path = tmp_path / "mine.toml"
    path.write_text(
        "\n".join(f"{name} = {value}" for name, value in listed.items())
        + '\n[voices]\ntrain = ["f1"]\n[speaker]\npitch = [40, 60]\npace = [1, 1]\n'
        "level = [-20, -20]\n[noise]\nshare = 0\nsnr = [0, 0]\nbabble = 0\nlines = false\n"
    )
    one = utterance(Recipe.load(str(path)), Split.TRAIN, 0, throat)
    assert (one.accent, one.voice, one.snr, one.noise) == ("rp", "f1", None, "")
    assert one.name.startswith("mine-0-train-")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("accents = 3", "not iterable"),
        ('accents = ["martian"]', "no accent 'martian'"),
        ('accents = ["rp"]\n[voices]\ntrain = ["f1"]\ntest = ["f1"]', "two splits"),
        ("=", "Invalid|Expected"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_named(tmp_path, content, fault):
    path = tmp_path / "bad.toml"
    path.write_text(content)
    with pytest.raises(DataError, match=f"recipe .*bad.toml cannot be used: .*({fault})"):
        Recipe.load(str(path))


def test_a_recipe_that_is_not_there_is_answered_with_those_there_are():
    assert recipes() == ["dialects17"]
    with pytest.raises(DataError, match="no recipe 'nothing'; there are dialects17"):
        Recipe.load("nothing")
