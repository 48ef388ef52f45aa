"""What lies over an utterance: drawn apart from it, and the same whenever it is laid."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.clean import Clean, in_steps
from talkover.trainer.data.dirt import GROUP, dirtied, neighbours
from talkover.trainer.data.music import PIECES, draw_music, find_music
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split

RECIPE = replace(Recipe.load("dialects17"), noisy=1.0, music=0.0)


def voice(number):
    random = np.random.default_rng(number)
    return in_steps(random.standard_normal(RATE + 100 * number).astype(np.float32) / 20)


def said(number, name=""):
    return Clean(name or f"one-{number}", Split.TRAIN, voice(number), "Hello.")


def lay(number, recipe=RECIPE, **options):
    return dirtied(recipe, said(number), neighbours(number), voice, **options)


@settings(max_examples=20)
@given(number=st.integers(0, 300), epoch=st.integers(0, 5))
def test_the_same_utterance_gets_the_same_dirt_and_another_in_another_epoch(number, epoch):
    once, again, later = lay(number, epoch=epoch), lay(number, epoch=epoch), lay(number, epoch=9)
    assert np.array_equal(once.pcm, again.pcm)
    assert (once.snr, once.noise, once.line) == (again.snr, again.noise, again.line)
    assert once.pcm.shape == once.clean.pcm.shape
    assert once.snr != later.snr


def test_dirt_goes_by_the_name_of_an_utterance_and_the_seed():
    others = [dirtied(RECIPE, said(3, name), [], voice).snr for name in ("a", "b")]
    seeded = dirtied(replace(RECIPE, seed=1), said(3, "a"), [], voice).snr
    assert len({*others, seeded}) == 3


def test_babble_is_of_the_neighbours_and_of_nobody_else():
    asked = []

    def fetch(number):
        asked.append(number)
        return voice(number)

    recipe = replace(RECIPE, babble=1.0)
    assert dirtied(recipe, said(57), neighbours(57), fetch).noise == "babble"
    assert 3 <= len(set(asked)) == len(asked) <= 5
    assert set(asked) <= set(range(GROUP, 2 * GROUP)) - {57}
    # Who is alone hears noise.
    assert dirtied(recipe, said(0), neighbours(0, 1), fetch).noise.startswith("noise")


def test_a_set_that_ends_has_fewer_neighbours():
    assert neighbours(52, 54) == [50, 51, 53]
    assert len(neighbours(52)) == GROUP - 1


@pytest.mark.usefixtures("music")
def test_music_is_of_the_split_and_as_long_as_it_should_be():
    heard = {}
    for split in Split:
        drawn = [
            draw_music(split, 5 * RATE + seed, np.random.default_rng(seed)) for seed in range(12)
        ]
        assert [len(sound) for _, sound in drawn] == [5 * RATE + seed for seed in range(12)]
        assert all(np.isfinite(sound).all() and sound.dtype == np.float32 for _, sound in drawn)
        heard[split] = {name.removeprefix("music ") for name, _ in drawn}
        assert heard[split] == set(PIECES[split])
    assert len(set.union(*heard.values())) == sum(map(len, heard.values()))
    assert max(np.abs(sound).max() for _, sound in drawn) > 0.01


@pytest.mark.usefixtures("music")
def test_a_stretch_longer_than_the_piece_begins_again():
    name, sound = draw_music(Split.VALIDATION, 100 * RATE, np.random.default_rng(0))
    assert name == "music manolo_camp-morning_coffee"
    assert len(sound) == 100 * RATE
    assert np.abs(sound[-5 * RATE :]).max() > 0


@pytest.mark.usefixtures("music")
def test_a_recipe_says_how_much_music_there_is():
    recipe = replace(RECIPE, music=0.4)
    kinds = [lay(number, recipe).noise.split()[0] for number in range(80)]
    assert 0.25 < kinds.count("music") / len(kinds) < 0.55
    assert {"music", "babble", "noise"} == set(kinds)


def test_without_the_recordings_the_cure_is_named(tmp_path):
    with pytest.raises(DataError, match="install Debian's asterisk-moh-opsound-wav"):
        find_music((tmp_path,))
