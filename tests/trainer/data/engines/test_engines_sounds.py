"""What engines can say of an accent, and under which names they are told."""

import json

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from talkover.core.errors import DataError, WeightsError
from talkover.core.settings import load_settings
from talkover.core.voice.config import VoiceConfig
from talkover.core.weights import require
from talkover.core.weights.catalog import VOICE
from talkover.trainer.data.accents import SaidWord, accent, accents
from talkover.trainer.data.engines.names import marked, named, sentences
from talkover.trainer.data.engines.sounds import inventory
from talkover.trainer.data.rules import Phone
from talkover.trainer.data.texts import Split, Theme, draw_text

INVENTORIES = ("american", "diphone", "scottish", "piper")
TEXT = (
    "The nurse thought that father would bathe the cat before dinner, but better weather brought "
    "them out of the house to buy fish for thirty people near the square, the car and a poor boy."
)
_LEARNT = 0.5
"""Norm of a letter's embedding over which it was heard in training: the others have decayed from
where they began, to about 0.4, and those that were heard are at 0.54 or more."""


def said(text, *phones):
    return SaidWord(text, tuple(Phone(symbol, key=symbol) for symbol in phones))


@pytest.mark.parametrize("name", INVENTORIES)
def test_every_accent_that_it_is_fit_for_can_be_said_with_its_own_sounds(name):
    sounds = inventory(name)
    for code in sounds.accents:
        sounds.missing(accent(code))
        for word in sounds.say(accent(code).say(TEXT)):
            assert word.phones
            assert all(sounds.name(phone) for phone in word.phones)


@pytest.mark.parametrize("name", ["american", "piper"])
def test_an_accent_is_one_that_it_is_fit_for_if_half_of_it_can_be_heard(name):
    sounds = inventory(name)
    random = np.random.default_rng(0)
    text = " ".join(draw_text(theme, Split.TRAIN, random) for theme in [*Theme] * 2)
    american = accent("general_american").say(text)
    heard = [word.ipa for word in sounds.say(american)]
    for code, one in accents().items():
        words = one.say(text)
        meant = sum(a.ipa != b.ipa for a, b in zip(words, american, strict=True))
        left = sum(a.ipa != b for a, b in zip(sounds.say(words), heard, strict=True))
        assert (left >= meant / 2) is (code in sounds.accents), (code, left, meant)


def test_a_sound_is_replaced_by_what_it_stands_for():
    words = [SaidWord("ladder", (Phone("ɾ", key="d"), Phone("ɾ", key="t"), Phone("ɾ", key="ɹ")))]
    (word,) = inventory("american").say(words)
    assert [phone.symbol for phone in word.phones] == ["d", "t", "ɹ"]
    assert inventory("american").missing(accent("rp"))["ɪə"] == "ɪ ə"
    assert inventory("american").missing(accent("general_american"))["ɾ"] == "t or d"


def test_a_sound_that_nothing_stands_for_is_named():
    with pytest.raises(DataError, match="'ǂ'"):
        inventory("american").say([said("click", "ǂ")])
    with pytest.raises(DataError, match="there are consonants, american"):
        inventory("martian")


def test_the_neural_voice_is_given_letters_that_it_has_learnt():
    try:
        folder = require(load_settings().data_dir, VOICE)
    except WeightsError as error:
        pytest.skip(str(error))
    graph = onnx.load(str(folder / VOICE.files[0].name)).graph
    name = next(node.input[0] for node in graph.node if node.name == "/enc_p/emb/Gather")
    table = next(numpy_helper.to_array(one) for one in graph.initializer if one.name == name)
    norms = np.linalg.norm(table, axis=1)
    raw = (folder / VOICE.files[1].name).read_text("utf-8")
    ids = VoiceConfig.from_piper(json.loads(raw)).phoneme_ids
    for letter in {letter for letters in inventory("piper").own.values() for letter in letters}:
        assert norms[list(ids[letter])].min() > _LEARNT, letter
    assert norms[list(ids["ʈ"])].max() < _LEARNT


def test_words_have_names_that_say_nothing_of_a_text():
    words = [
        said('"(quit)', "k"), said("the", "ð"), said("a", "ə"), said("the", "ð"), said("The,", "ð")
    ]  # fmt: skip
    names = named(words)
    assert len(set(names)) == 3
    assert names[1] == names[3] == names[4]
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)
    assert "the" not in names
    assert list(marked(names, words))[-1] == names[-1] + ","


def test_more_words_than_there_are_names_are_refused():
    words = [said(f"word{number}", "k", *"t" * number) for number in range(400)]
    with pytest.raises(DataError, match="different words at once"):
        named(words)


def test_sentences_end_where_they_are_ended():
    words = [said(text, "k") for text in ["Yes;", "no.", "What", "(now?)", "end"]]
    assert [[word.text for word in some] for some in sentences(words)] == [
        ["Yes;", "no."],
        ["What", "(now?)"],
        ["end"],
    ]
