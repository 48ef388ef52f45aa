"""Times of made utterances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import SaidWord, accent, accents
from talkover.trainer.data.mouths import speak
from talkover.trainer.data.native import Manner
from talkover.trainer.data.rules import Phone
from talkover.trainer.data.throat import Throat
from talkover.trainer.data.timing import time_words

TEXT = "Where is the nearest square, and could you start the fire in the church?"
NAMES = st.sampled_from(["b", "t", "ɹ", "ə", "aɪ", "uː", ""])


def said(*written):
    return [SaidWord(word, tuple(map(Phone, word.split()))) for word in written]


def test_sounds_have_the_times_of_their_events():
    timed = time_words(said("b ə", "t"), [(10, "b"), (30, "ə"), (50, "t"), (70, "")], 100)
    assert [(word.start, word.end) for word in timed] == [(10, 50), (50, 70)]
    assert [(p.symbol, p.start, p.end) for p in timed[0].phones] == [("b", 10, 30), ("ə", 30, 50)]


def test_what_the_engine_added_belongs_to_the_sound_before():
    timed = time_words(
        said("aɪ ə", "ɪ n"), [(0, "aɪ"), (9, "ɐ"), (20, "ɹ"), (25, "ɪ"), (40, "n")], 60
    )
    assert [(word.start, word.end) for word in timed] == [(0, 25), (25, 60)]


def test_what_it_left_out_takes_no_time():
    (word,) = time_words(said("t θ s"), [(0, "t"), (10, "s")], 30)
    assert [(p.start, p.end) for p in word.phones] == [(0, 10), (10, 10), (10, 30)]


@given(
    st.lists(st.lists(NAMES.filter(bool), min_size=1, max_size=4), max_size=5),
    st.lists(NAMES, max_size=20),
)
def test_times_are_in_order_and_inside_whatever_was_heard(words, names):
    heard = [(5 * place, name) for place, name in enumerate(names)]
    timed = time_words(said(*map(" ".join, words)), heard, 5 * len(names))
    edges = [edge for word in timed for phone in word.phones for edge in (phone.start, phone.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= 5 * len(names) for edge in edges)
    assert len(timed) == len(words)


@pytest.fixture(scope="module")
def throat():
    with Throat() as throat:
        yield throat


@pytest.mark.parametrize("code", sorted(accents()))
def test_every_word_of_a_real_utterance_is_heard_where_it_is_said(throat, code):
    said = speak(accent(code), accent(code).say(TEXT), throat, variant="m3")
    level = np.sqrt(np.mean(said.pcm**2))
    assert " ".join(word.text for word in said.words) == TEXT
    for word in said.words:
        assert 0.03 < (word.end - word.start) / RATE < 0.9, word.text
        assert np.sqrt(np.mean(said.pcm[word.start : word.end] ** 2)) > level * 0.1, word.text


def test_the_same_words_sound_the_same_whatever_was_said_before(throat):
    words = accent("rp").say(TEXT)
    first = speak(accent("rp"), words, throat)
    speak(accent("indian"), accent("indian").say(TEXT), throat, variant="f3", pitch=70)
    second = speak(accent("rp"), words, throat)
    assert np.array_equal(first.pcm, second.pcm)
    assert first.words == second.words


def test_a_voice_that_is_not_there_is_named_and_the_throat_goes_on(throat):
    with pytest.raises(ConfigError, match="no voice 'nobody'"):
        throat.utter("[[t]]", Manner("nobody"))
    assert len(throat.utter("[[t'i:]]", Manner("en-us")).pcm)


def test_a_throat_that_was_closed_says_so():
    with Throat() as throat:
        pass
    with pytest.raises(ConfigError, match="has ended"):
        throat.utter("[[t'i:]]", Manner("en-us"))
