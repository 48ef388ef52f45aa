import numpy as np
import pytest

from talkover.core.seer.alphabet import read_alphabet, to_pieces
from talkover.core.seer.blank import is_blank

ALPHABET = read_alphabet("a\nb\nc")


def said(columns, sure=0.9):
    """What a recognizer says that is this sure of each letter; "_" is none."""
    classes = [letter or "_" for letter in ALPHABET]
    answer = np.full((len(columns), len(ALPHABET)), (1 - sure) / 4, np.float32)
    for column, letter in enumerate(columns):
        answer[column, classes.index(letter)] = sure
    return answer


def test_the_alphabet_has_none_before_it_and_the_space_after_it():
    assert ALPHABET == ("", "a", "b", "c", " ")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("aab_b", ["abb"]),
        ("ab c", ["ab", "c"]),
        ("__", []),
        ("  ", []),
        ("_a_ _b_", ["a", "b"]),
        (" a", ["a"]),
    ],
)
def test_letters_are_joined_and_words_parted(columns, words):
    assert [piece.text for piece in to_pieces(said(columns), ALPHABET)] == words


def test_a_word_is_where_its_letters_are():
    first, second = to_pieces(said("_aab __c__"), ALPHABET)
    assert (first.begin, first.end) == (0.1, 0.4)
    assert (second.begin, second.end) == (0.7, 0.8)
    assert first.confidence == pytest.approx(0.9)


def test_a_word_is_as_sure_as_its_letters_are_on_average():
    answer = np.concatenate([said("a", 0.9), said("b", 0.5)])
    (piece,) = to_pieces(answer, ALPHABET)
    assert piece.confidence == pytest.approx(0.7)


def noisy(level, spread, seed=0):
    random = np.random.default_rng(seed)
    return np.clip(random.normal(level, spread, (120, 160, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_is_blank_whatever_it_is_and_however_noisy_the_camera(level):
    assert is_blank(np.full((120, 160, 3), level, np.uint8))
    assert is_blank(noisy(level, 4))


def test_a_small_mark_is_something():
    page = np.full((480, 640, 3), 250, np.uint8)
    page[200:212, 300:340:3] = 30  # the strokes of a short word
    assert not is_blank(page)
    assert not is_blank(noisy(128, 60))
