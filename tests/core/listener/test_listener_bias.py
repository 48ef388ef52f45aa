from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.clock import RATE
from talkover.core.errors import ModelError
from talkover.core.listener import ListenRequest
from talkover.core.listener.bias import (
    MOST_EXCHANGES,
    MOST_WORDS,
    Exchange,
    Spelt,
    View,
    exchanges,
    preferred,
    spellings,
)
from talkover.core.listener.decoder import Abandon
from talkover.core.listener.search import Candidate
from talkover.core.listener.tokens import Piece

HEARD = ["what", "number", "has", "character"]
CARTER = Spelt("carter", (90, 91))
UNSURE = -1.0


def text(words, doubts=(), total=-4.0):
    """What was written: a token a word; all are sure of but some."""
    log_probs = [UNSURE if word in doubts else -0.01 for word in words]
    return Candidate(tuple(range(len(words))), (*log_probs, total - sum(log_probs)), complete=True)


def pieces(words):
    return [Piece(word, place, place + 1) for place, word in enumerate(words)]


def tried(words, doubts, *view):
    return exchanges([text(words, doubts)], [pieces(words)], view)


def test_a_word_in_view_takes_the_place_of_one_spelt_like_it():
    (one, *_) = tried(HEARD, {"character"}, CARTER)
    assert one == Exchange((0, 1, 2, 90, 91), pytest.approx(6 / 9), 1.0)


def test_and_of_a_few_in_a_row():
    words = ["for", "le", "zanno", "please"]
    found = tried(words, {"zanno"}, Spelt("lozano", (90,)))
    assert found[0].tokens == (0, 90, 3)
    assert [one.alike for one in found] == sorted((one.alike for one in found), reverse=True)


@pytest.mark.parametrize(
    ("words", "doubts", "view"),
    [
        (HEARD, (), CARTER),  # it was sure of that
        (["which", "bus"], {"bus"}, CARTER),  # nothing like it
        (["rooms"], {"rooms"}, Spelt("room", (90,))),  # a matter of hearing
        (["has", "carter"], {"carter"}, CARTER),  # it is there already
        (["2", "10"], {"2", "10"}, CARTER),
        ([], (), CARTER),
    ],
)
def test_what_stays(words, doubts, view):
    assert tried(words, doubts, view) == []


def test_a_word_in_view_is_not_exchanged_for_another():
    view = Spelt("rice", (90,)), Spelt("price", (91,))
    assert tried(["rice"], {"rice"}, *view) == []


def test_a_long_text_is_not_read_again():
    assert tried(["character"] * 65, {"character"}, CARTER) == []


@given(
    st.lists(st.text("abcde ", max_size=8), max_size=12),
    st.lists(st.text("abcde", min_size=4, max_size=8), max_size=8),
)
def test_only_a_stretch_is_another_one(words, view):
    written = text(words, set(words))
    found = exchanges([written], [pieces(words)], [Spelt(one, (90,)) for one in view])
    assert len(found) <= MOST_EXCHANGES
    for one in found:
        first = one.tokens.index(90)
        assert one.tokens[:first] == written.tokens[:first]
        after = one.tokens[first + 1 :]
        assert written.tokens[len(written.tokens) - len(after) :] == after
        assert 0 <= one.alike <= 1


def test_a_text_is_tried_once_though_several_lead_to_it():
    texts = [text(HEARD, {"character"}), text([*HEARD[:3], "carthage"], {"carthage"})]
    words = [pieces(HEARD), pieces([*HEARD[:3], "carthage"])]
    found = exchanges(texts, words, [CARTER])
    assert len({one.tokens for one in found}) == len(found)
    (one,) = [one for one in found if one.tokens == (0, 1, 2, 90, 91)]
    assert one.likeliest


def test_what_was_less_likely_before_has_less_room():
    likely, other = (Exchange((0, 90), 0.5, 1.0, likeliest) for likeliest in (True, False))
    assert likely.room(8.0) == pytest.approx(other.room(8.0) + 2)


def read(total, one):
    return Candidate(one.tokens, (0.0,) * len(one.tokens) + (total,), complete=True)


ALIKE = Exchange((0, 1, 2, 90), 1.0, 0.0)
LESS = Exchange((0, 1, 2, 91), 0.4, 0.0)


@pytest.mark.parametrize(
    ("less", "weight", "taken"), [(7.9, 8.0, True), (8.1, 8.0, False), (8.1, 16.0, True)]
)
def test_the_weight_is_what_a_text_may_be_less_likely_by(less, weight, taken):
    written = text(HEARD)
    other = read(-4.0 - less, ALIKE)
    assert (preferred(written, [ALIKE], [other], weight) is other) == taken


def test_what_is_spelt_less_alike_may_cost_less():
    written = text(HEARD)
    other = read(-12.0, LESS)
    assert preferred(written, [LESS], [other], 8.0) is written


def test_the_likeliest_is_taken_and_nothing_where_nothing_was_tried():
    written = text(HEARD)
    both = [read(-9.0, ALIKE), read(-5.0, LESS)]
    assert preferred(written, [ALIKE, LESS], both, 8.0) is both[1]
    assert preferred(written, [], [], 8.0) is written


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
    view = View(lambda word: asked.append(word) or [len(asked)])
    first = view.spelt(("Maria",))
    assert view.spelt(("Maria",)) is first
    assert first == (Spelt("maria", (1,)), Spelt("maria", (2,)))
    assert asked == ["Maria", "maria"]
    assert view.spelt(("to",)) == ()


def test_it_is_for_one_hypothesis_that_is_not_drawn(tiny):
    pcm = np.zeros(16_000, np.float32)
    for wrong in ({"bias": 2.0, "n_best": 2}, {"bias": 2.0, "temperature": 0.5}, {"bias": 99.0}):
        with pytest.raises(ModelError, match="bias"):
            tiny.transcribe([ListenRequest(pcm, ("en",), in_view=("Maria",), **wrong)])


def test_what_is_read_again_is_as_likely_as_when_it_was_written(tiny):
    pcm = np.random.default_rng(1).normal(0, 0.1, 32_000).astype(np.float32)
    (heard,) = tiny.transcribe([ListenRequest(pcm, ("en",), words=False, max_tokens=5)])
    cross = tiny._hear([pcm], tiny._window.window(len(pcm)), Abandon())
    texts = [heard.best.tokens, heard.best.tokens[:2]]
    first, second = tiny._read_again(texts, "en", cross)
    assert sum(first.log_probs[:-1]) == pytest.approx(heard.best.log_prob, abs=0.02)
    assert second.log_probs[:2] == pytest.approx(first.log_probs[:2], abs=0.02)


@pytest.mark.bundle
@pytest.mark.parametrize("beam", [1, 5])
def test_a_real_listener_takes_what_is_in_view_as_far_as_the_weight_goes(int8, recording, beam):
    """Nobody says "pressing" here; how unlikely it is, is what the weight is measured in."""
    pcm, view = recording("vm-leavemsg"), ("Pressing",)
    plain, little, much = (
        int8.transcribe([ListenRequest(pcm, ("en",), beam=beam, in_view=view, bias=bias)])[0].best
        for bias in (0.0, 4.0, 32.0)
    )
    assert plain.text == little.text == "Press 5 to leave a message."
    assert much.text.lower().rstrip(".") == "pressing 5 to leave a message"
    assert much.complete
    assert 3 < plain.log_prob - much.log_prob < 26
    assert [word.text for word in much.words] == much.text.split()
    assert all(a.start <= a.end <= b.start for a, b in pairwise(much.words))
    assert abs(much.words[-1].start - plain.words[-1].start) < RATE // 4


@pytest.mark.bundle
def test_a_real_listener_hears_what_was_said_whatever_is_in_view(int8, recording):
    asked = {"languages": ("en",), "words": False}
    pcm = recording("vm-leavemsg")
    (plain,) = int8.transcribe([ListenRequest(pcm, **asked)])
    (other,) = int8.transcribe([ListenRequest(pcm, **asked, in_view=("Zeppelin",), bias=16.0)])
    assert other.text == plain.text
