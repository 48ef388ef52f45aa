"""Sets from recipes."""

from dataclasses import replace

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError, DataError
from talkover.trainer.data.clean import clean
from talkover.trainer.data.engines.available import available
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import voice
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
def made():
    with Studio(RECIPE, Split.TRAIN) as studio:
        return [studio.utterance(number) for number in range(34)]


def test_an_utterance_does_not_depend_on_what_was_made_before(made):
    with Studio(RECIPE, Split.TRAIN) as studio:
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


def test_accents_and_patterns_come_in_turn_and_pairs_too(throat):
    recipe = replace(Recipe.load("dialects17x5"), guests=())
    assert len(recipe.conditions) == len(set(recipe.conditions)) == 22
    for number, pair in (
        (17, "es-en"),
        (40, "fr-en"),
        (63, "hi-en"),
        (86, "de-en"),
        (109, "zh-en"),
    ):
        one = clean(recipe, Split.TEST, number, throat)
        assert one.pattern == recipe.conditions[number % 22]
        assert "-".join(sorted(one.languages, key="en".__eq__)) == pair
        assert {word.language for word in one.words} == set(one.languages)
        assert (one.engine, one.split) == ("espeak", split_of(one.text))
        assert one.voice.removeprefix("espeak-") in recipe.voices[Split.TEST]
    assert clean(recipe, Split.TRAIN, 16 + 22, throat).accent == "singaporean"


def test_other_engines_speak_where_they_can(throat):
    recipe = Recipe.load("dialects17x5")
    fit = [guest for guest in recipe.guests if guest.engine == "flite"]
    missing = {name for guest in fit for name in guest.voices[Split.TRAIN]} - {
        voice.name for voice in available()
    }
    if missing:
        pytest.skip(f"no {', '.join(missing)}; `sh scripts/test_setup.sh` says why")
    recipe = replace(recipe, guests=tuple(replace(guest, share=1.0) for guest in fit))
    with Engines() as engines:
        said = [clean(recipe, Split.TRAIN, number, throat, engines) for number in range(17)]
        again = clean(recipe, Split.TRAIN, 16, throat, engines)
    able = {code for name in fit[0].voices[Split.TRAIN] for code in voice(name).accents}
    able &= set(recipe.accents)  # they can speak more than this recipe asks for
    assert {one.accent for one in said if one.engine == "flite"} == able
    assert {one.engine for one in said if one.accent not in able} <= {"espeak"}
    for one in said:
        assert one.accent in voice(one.voice).accents
        assert " ".join(word.text for word in one.words) == one.text
    assert np.array_equal(again.pcm, said[-1].pcm)
    with pytest.raises(ConfigError, match="nothing to say it with"):
        [clean(recipe, Split.TRAIN, number, throat) for number in range(17)]


def test_nobody_is_heard_in_two_splits():
    for name in recipes():
        recipe = Recipe.load(name)
        people = [
            {f"espeak-{variant}" for variant in recipe.voices[split]}
            | {voice(one).person for guest in recipe.guests for one in guest.voices[split]}
            for split in Split
        ]
        assert all(people)
        assert sum(map(len, people)) == len(set.union(*people))


def test_a_recipe_of_ones_own(recipe_file):
    recipe = replace(Recipe.load(str(recipe_file)), noisy=0.0, lines=False)
    with Studio(recipe, Split.TRAIN) as studio:
        one = studio.utterance(1)
    assert (one.clean.accent, one.snr, one.noise) == ("scottish", None, "")
    assert one.clean.speaker in {"espeak-f1", "espeak-m3"}
    assert one.clean.name == "small-0-train-0000001"
    assert np.array_equal(one.pcm, one.clean.pcm)


SPEAKER = "[speaker]\npitch = [1, 2]\npace = [1, 1]\nlevel = [-9, -9]\n[noise]\n"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("accents = 3", "not iterable"),
        ('accents = ["martian"]', "no accent 'martian'"),
        ('accents = ["rp"]\n[voices]\ntrain = ["f1"]\ntest = ["f1"]', "two splits"),
        (
            (
                'accents = ["rp"]\n[voices]\n[engines.flite]\nshare = 1\ntrain = ["flite-kal"]\n'
                '[engines.festival]\nshare = 0\ntest = ["festival-kal"]'
            ),
            "two splits",
        ),
        (
            'accents = ["rp"]\n[voices]\n[engines.flite]\nshare = 1.1\ntrain = ["flite-kal"]',
            "more than all sentences",
        ),
        (
            'accents = ["rp"]\n[voices]\n[engines.flite]\nshare = 1\ntrain = ["piper-joe"]',
            "piper-joe is a voice of piper",
        ),
        ('accents = ["rp"]\n[voices]\ntrain = ["nobody"]', "no voice 'espeak-nobody'"),
        (
            'accents = ["rp"]\n[voices]\n[switching]\npatterns = []\npairs = ["en-xx"]',
            "no pair 'en-xx'",
        ),
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
    with pytest.raises(DataError, match=r"no recipe 'nothing'; there are .*dialects17"):
        Recipe.load("nothing")
