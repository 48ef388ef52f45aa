"""Engines that speak, behind one way to speak."""

import shutil
from hashlib import sha256

import numpy as np
import pytest

from talkover.core.clock import RATE
from talkover.trainer.data.accents import accent
from talkover.trainer.data.engines.speaking import Engines
from talkover.trainer.data.engines.voices import voice, voices

TEXT = "Where is the nearest square, and could you start the fire in the church?"
SPEAKERS = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            shutil.which(one.engine) is None, reason=f"{one.engine} is not installed"
        ),
    )
    for name, one in voices().items()
]


@pytest.fixture(scope="module")
def engines():
    with Engines() as engines:
        yield engines


def speak(engines, name, code, text=TEXT, **manner):
    return engines.speak(voice(name), accent(code), accent(code).say(text), **manner)


@pytest.mark.parametrize("name", SPEAKERS)
def test_every_word_is_heard_where_it_is_said(engines, name):
    said = speak(engines, name, "general_american")
    level = np.sqrt(np.mean(said.pcm**2))
    assert said.pcm.dtype == np.float32
    assert " ".join(word.text for word in said.words) == TEXT
    assert 0 <= said.words[0].start <= round(0.06 * RATE)
    for word in said.words:
        assert 0.03 < (word.end - word.start) / RATE < 0.9, word.text
        assert np.sqrt(np.mean(said.pcm[word.start : word.end] ** 2)) > level * 0.1, word.text


@pytest.mark.parametrize("name", SPEAKERS)
def test_the_same_words_sound_the_same_whatever_was_said_before(engines, name):
    first = speak(engines, name, "rp")
    speak(engines, name, "indian", "Something else.", pitch=80)
    second = speak(engines, name, "rp")
    assert sha256(first.pcm.tobytes()).digest() == sha256(second.pcm.tobytes()).digest()
    assert first.words == second.words
