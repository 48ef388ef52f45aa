import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import ModelError
from talkover.core.listener import ListenRequest
from talkover.core.listener.bias import MOST_WORDS, Bias, Favours, spellings
from talkover.core.listener.search import BeamSearch

END = 9
WORDS = [(1, 2, 3), (1, 4), (5,)]


def even(**better):
    """Log-probabilities of ten tokens, all alike but some."""
    row = np.full((1, 10), -3.0, np.float32)
    for token, log_prob in better.items():
        row[0, int(token[1:])] = log_prob
    return row


@pytest.mark.parametrize(
    ("before", "favoured"),
    [
        ((), {1, 5}),
        ((7,), {1, 5}),
        ((1,), {1, 5, 2, 4}),
        ((7, 1, 2), {1, 5, 3}),
        ((1, 2, 3), {1, 5}),
        ((2,), {1, 5}),
        ((1, 1), {1, 5, 2, 4}),
    ],
)
def test_words_are_begun_and_gone_on_with(before, favoured):
    assert Bias(WORDS, 2).favoured(before) == favoured


@given(st.lists(st.integers(0, 8), max_size=12))
def test_nothing_but_favoured_tokens_gains(before):
    bias, row = Bias(WORDS, 2), even(_3=-1.0)[0]
    gained = bias.weigh(row, before) - row
    assert set(np.flatnonzero(gained)) == bias.favoured(before)
    assert set(gained[gained != 0]) <= {np.float32(2)}


def test_what_never_is_speech_stays_so():
    assert Bias(WORDS, 8).weigh(even(_5=-np.inf)[0], ())[5] == -np.inf


def search(rows, bias):
    found = BeamSearch(END, 1, 20, bias)
    for row in rows:
        if not found.advance(row):
            break
    return found.results()[0]


def test_a_near_miss_becomes_the_word_in_view():
    heard = [even(_6=-0.5, _1=-1.5), even(_7=-0.5, _4=-1.5), even(_9=-0.1)]
    assert search(heard, None).tokens == (6, 7)
    biased = search(heard, Bias(WORDS, 2))
    assert biased.tokens == (1, 4)
    # What is logged is what the model thinks, not what it was talked into.
    assert biased.log_probs == pytest.approx((-1.5, -1.5, -0.1))


def test_what_is_clearly_said_stays():
    heard = [even(_6=-0.1, _1=-4.0), even(_9=-0.1, _5=-4.0)]
    assert search(heard, Bias(WORDS, 2)).tokens == (6,)


def test_spellings():
    assert spellings(["DEPARTURES,", "Maria", "iPhone", "NATO", "to", "42", "(Gleis)", ""]) == [
        "departures",
        "Departures",
        "Maria",
        "maria",
        "iPhone",
        "iphone",
        "NATO",
        "nato",
        "Gleis",
        "gleis",
    ]
    assert len(spellings(f"word{n}" for n in range(1000))) == MOST_WORDS
    assert spellings(["a" * 100]) == []


def test_words_are_spelt_once():
    asked = []
    favours = Favours(lambda word: asked.append(word) or [len(asked)])
    assert favours.bias(("Maria",), 2.0) is favours.bias(("Maria",), 2.0)
    assert asked == ["Maria", "maria"]
    assert favours.bias(("Maria",), 0.0) is None
    assert favours.bias(("to",), 2.0) is None
    assert favours.bias((), 2.0) is None


def test_it_is_for_greedy_requests_alone(tiny):
    pcm = np.zeros(16_000, np.float32)
    for wrong in ({"bias": 2.0, "n_best": 2}, {"bias": 2.0, "temperature": 0.5}, {"bias": 99.0}):
        with pytest.raises(ModelError, match="bias"):
            tiny.transcribe([ListenRequest(pcm, ("en",), in_view=("Maria",), **wrong)])


def test_a_listener_is_drawn_to_what_is_in_view(tiny):
    pcm = np.random.default_rng(1).normal(0, 0.1, 32_000).astype(np.float32)

    def hear(**how):
        (heard,) = tiny.transcribe([ListenRequest(pcm, ("en",), words=False, **how)])
        return heard.best

    plain, off = hear(), hear(in_view=("banana",), bias=0.0)
    drawn = hear(in_view=("banana",), bias=8.0)
    assert off == plain
    assert drawn.text.count(" b") > plain.text.count(" b")
    # The likelihood that is logged is the model's own.
    assert drawn.mean_log_prob < plain.mean_log_prob


@pytest.mark.bundle
def test_a_real_listener_hears_what_was_said_whatever_is_in_view(int8, recording):
    asked = {"languages": ("en",), "words": False}
    pcm = recording("vm-leavemsg")
    (plain,) = int8.transcribe([ListenRequest(pcm, **asked)])
    (other,) = int8.transcribe([ListenRequest(pcm, **asked, in_view=("Zeppelin",), bias=4.0)])
    assert other.text == plain.text
