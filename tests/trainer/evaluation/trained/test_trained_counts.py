"""What is wrong with a text: words, sounds, switches, repeats."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talkover.core.errors import DataError
from talkover.trainer.evaluation.trained.clips import CLEAN, Clip, Read, from_plain, to_plain
from talkover.trainer.evaluation.trained.counts import (
    confusions,
    count_all,
    missed,
    operations,
    switch_errors,
)
from talkover.trainer.evaluation.trained.permuted import permuted_errors

SWITCHED = (("quiero", "es"), ("cancelar", "es"), ("my", "en"), ("order", "en"), ("hoy", "es"))


def read(said, written, language="en", number=0):
    words = said if isinstance(said, tuple) else tuple((w, language) for w in said.split())
    clip = Clip("real", number, "rp", CLEAN, words, language, 5.0, "noise", "v", "g", "caller")
    return Read(clip, written, complete=True, seconds=0.5)


def count(said, written, language="en"):
    (one,) = count_all([read(said, written, language)])
    return one


def test_a_reading_comes_back_from_json_as_it_was():
    one = read(SWITCHED, "quiero", "es")
    assert from_plain({**to_plain(one)}) == one


def test_sorts_of_errors_are_told_apart():
    one = count("put the red hens away", "put the bed hens far away please")
    assert (one.words, one.substitutions, one.deletions, one.insertions) == (5, 1, 0, 2)
    assert one.errors == 3
    assert count("put the red hens away", "put hens away").deletions == 2
    right = count("It costs thirty-two dollars.", "it costs $32")
    assert right.errors == right.phone_errors == right.apart == 0


def test_a_near_sound_is_confused_with_its_neighbour():
    one = count("the vine is red", "the wine is red")
    assert [pair for pair in one.confused if pair[0] != pair[1]] == [("v", "w")]
    assert one.phone_errors == 1
    assert 0 < one.apart < 1
    gone = count("the vine is red", "the vine is")
    assert {pair[1] for pair in gone.confused if pair[0] != pair[1]} == {""}


def test_spanish_and_french_alone_are_compared_without_accents():
    """Recorded prompts in Spanish are written without them."""
    assert count("la operacion", "La operación.", "es").errors == 0
    assert count("désolé", "desole", "fr").errors == 0
    mixed = (("operación", "es"), ("now", "en"))
    assert count(mixed, "operacion now", "es").errors == 1


def test_switched_words_are_points_of_interest():
    right = count(SWITCHED, "Quiero cancelar my order hoy", "es")
    assert (right.switched, right.switched_errors, right.switch_errors) == (2, 0, 0)
    wrong = count(SWITCHED, "Quiero cancelar mi orden hoy", "es")
    assert (wrong.switched, wrong.switched_errors) == (2, 2)
    assert wrong.switch_errors == 4  # both switches are gone, and both words in another language
    assert count("my order", "mi orden").switched == 0


def test_what_says_the_same_over_and_over_repeats():
    assert count("stop it", "stop it stop it stop it stop it").repeats
    assert not count("no no no no", "no no no no").repeats


def test_any_word_is_an_error_where_nobody_speaks():
    silent = count((), "")
    assert (silent.errors, silent.words, silent.any_word) == (0, 0, False)
    assert not count((), " … ").any_word
    loud = count((), "Thanks for watching!")
    assert (loud.errors, loud.insertions, loud.any_word) == (3, 3, True)
    assert loud.confused == ()


def test_a_language_that_nobody_scores_is_refused():
    with pytest.raises(DataError, match="no reward for 'xx'"):
        switch_errors((("a", "xx"), ("b", "en")), "a b")


words = st.lists(st.sampled_from("abc"), max_size=8)


@given(words, words)
@settings(max_examples=100)
def test_operations_make_one_text_of_the_other(said, written):
    substitutions, deletions, insertions = operations(said, written)
    assert len(said) - deletions + insertions == len(written)
    assert 0 <= substitutions + deletions <= len(said)
    assert sum(operations(written, said)) == substitutions + deletions + insertions
    hits = len(said) - substitutions - deletions
    assert missed(said, written, range(len(said))) == len(said) - hits


@given(words, words)
@settings(max_examples=50)
def test_every_sound_is_in_one_pair(said, heard):
    pairs = confusions(said, heard)
    assert [one for one, _ in pairs if one] == said
    assert [other for _, other in pairs if other] == heard


def test_no_word_goes_from_one_person_to_another():
    """The case by which implementations of cpWER that join the people first are told apart."""
    said = [["the", "cat"], ["sat", "on"]]
    assert permuted_errors(said, [["the", "cat", "sat"], ["on"]]) == 2
    assert permuted_errors(said, said[::-1]) == 0


def test_whoever_has_no_lane_is_missed_and_a_lane_too_many_is_too_much():
    assert permuted_errors([["a", "b"], ["c"]], [["a", "b"]]) == 1
    assert permuted_errors([["a", "b"]], [["c", "c", "c"], ["a", "b"]]) == 3
    assert permuted_errors([], [["a"]]) == 1
    with pytest.raises(DataError, match="at most 7"):
        permuted_errors([["a"]] * 8, [])


@given(st.lists(words, max_size=3), st.lists(words, max_size=3), st.randoms())
@settings(max_examples=60)
def test_names_of_lanes_do_not_matter(said, written, random):
    before = permuted_errors(said, written)
    shuffled = random.sample(written, len(written))
    assert permuted_errors(said, shuffled) == before
    assert before <= sum(map(len, said)) + sum(map(len, written))
    assert permuted_errors(said, random.sample(said, len(said))) == 0
