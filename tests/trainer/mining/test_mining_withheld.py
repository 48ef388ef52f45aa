"""The proof that nothing of the evaluation is learnt from: on the real recipes and recordings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.audio import read_wav, to_float
from talkover.core.audio.prompts import find_prompts
from talkover.trainer.data.clean import clean, in_steps
from talkover.trainer.data.engines.voices import voice
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.streaming.recorded import Recorded
from talkover.trainer.data.texts import Split
from talkover.trainer.data.throat import Throat
from talkover.trainer.mining.choosing import Dropped, choose
from talkover.trainer.mining.listened import Listened
from talkover.trainer.mining.settings import MineSettings
from talkover.trainer.mining.withheld import Withheld, judges_of, sound_of

RECIPES = ("dialects17", "dialects17x5")
SETTINGS = MineSettings(keep=1_000, per_speaker=1.0)


def listened(number, text, speaker, sound, accent=""):
    """As wrong as can be, and trusted: nothing but the hashes keeps it out."""
    sounds = f"{number}"
    return Listened(number, 0, f"{number}", text, speaker, accent, 1.0, 1.0, (), sounds, sound)


def spoken(recipe, split, numbers):
    """Utterances as they are really said; eSpeak alone, which is here wherever tests run."""
    own = replace(recipe, guests=())
    with Throat() as throat:
        return [clean(own, split, number, throat) for number in numbers]


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("split", [Split.TEST, Split.VALIDATION])
def test_nothing_of_a_recipes_other_splits_is_kept(name, split):
    recipe = Recipe.load(name)
    withheld = Withheld.of([recipe])
    said = spoken(recipe, split, some_of(recipe))
    heard = [
        listened(n, one.text, one.speaker, sound_of(one.pcm), one.accent)
        for n, one in enumerate(said)
    ]
    choice = choose(heard, [1.0] * len(heard), withheld, SETTINGS)
    assert choice.kept == ()
    assert set(choice.dropped.values()) == {Dropped.WITHHELD}
    # Each of the two would do: another's voice says the sentence, and the voice another sentence.
    assert all(withheld.why(one.text, "somebody", "") == "text" for one in said)
    assert all(withheld.why(TRAINED, one.speaker, "") == "speaker" for one in said)


def some_of(recipe):
    """Numbers of utterances, of accents and of patterns."""
    return range(0, len(recipe.conditions), 6)


TRAINED = "Line 1 of the list"
"""A sentence that falls to training."""


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_for_training_is_not_withheld(name):
    recipe = Recipe.load(name)
    withheld = Withheld.of([recipe], find_prompts("en")[:40])
    for one in spoken(recipe, Split.TRAIN, some_of(recipe)):
        assert withheld.why(one.text, one.speaker, sound_of(one.pcm)) == ""
    assert withheld.why(TRAINED, "somebody", "") == ""


@pytest.mark.parametrize("name", RECIPES)
def test_everybody_who_judges_is_known_whatever_the_engine(name):
    recipe = Recipe.load(name)
    assert {f"espeak-{own}" for own in recipe.voices[Split.TEST]} <= judges_of(recipe)
    assert len(judges_of(recipe)) >= len(recipe.voices[Split.TEST])
    guests = {one for guest in recipe.guests for one in guest.voices[Split.TEST]}
    assert {voice(name).person for name in guests} <= judges_of(recipe)
    trained = {voice(one).person for guest in recipe.guests for one in guest.voices[Split.TRAIN]}
    assert not trained & judges_of(recipe)


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_no_recording_of_people_is_kept(language, tmp_path):
    prompts = find_prompts(language)[:25]
    if not prompts:
        pytest.skip("the recordings are not installed")
    withheld = Withheld.of([], prompts)
    heard = []
    for number, prompt in enumerate(prompts):
        sound = sound_of(to_float(read_wav(prompt.path)))
        heard.append(listened(number, prompt.text, "", sound))
        assert withheld.why(TRAINED, "", sound) == "sound"  # under another text
        assert withheld.why(prompt.text, "", "") == "text"  # in another voice
    assert choose(heard, [1.0] * len(heard), withheld, SETTINGS).kept == ()
    # Nor when it comes as a file of a set, under a text that somebody made up.
    lines = (f'{{"audio_filepath": "{prompt.path}"}}\n' for prompt in prompts[:5])
    (tmp_path / "set.jsonl").write_text("".join(lines))
    source = Recorded(tmp_path / "set.jsonl")
    for number in range(5):
        assert withheld.why(TRAINED, "", sound_of(source.make(number, 0).pcm)) == "sound"


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_how_a_text_is_written_hides_nothing(text):
    withheld = Withheld()
    assert withheld.why(text, "", "") == withheld.why(f"  {text.upper().lower()}!", "", "")


def test_a_sound_is_known_by_what_a_file_keeps_of_it():
    sound = np.linspace(-0.5, 0.5, 1_000, dtype=np.float32)
    assert sound_of(sound) == sound_of(in_steps(sound))
    assert sound_of(sound) != sound_of(sound[:-1])
