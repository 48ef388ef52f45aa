"""What was written for what, and the table of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talkover.core.errors import DataError
from talkover.trainer.mining.confusions import Confusion, Confusions, Mistaken
from talkover.trainer.mining.hearing import Ear, partners_of
from talkover.trainer.reward.reference import Reference

EAR = Ear(0.35)
PAIRS = st.builds(
    Mistaken,
    st.sampled_from(["sheep", "ship", ""]),
    st.sampled_from(["shape", "chip", ""]),
    st.just("en"),
    st.floats(0, 1),
)


def english(text):
    return Reference.of([(text, "en")])


def wrong(said, heard):
    found = EAR.mistaken([(english(said), heard)])[0]
    return {(one.said, one.heard): one.closeness for one in found}


def test_words_are_laid_beside_one_another():
    pairs = partners_of(english("send the sheep to me"), "the ship to to me now")
    words = [tuple(one and one.text for one in pair) for pair in pairs]
    assert ("sheep", "ship") in words
    assert ("send", None) in words
    assert ("to", "to") not in words


def test_what_sounds_nearer_is_closer_and_what_sounds_the_same_is_not_wrong():
    near, far = wrong("the sheep", "the ship"), wrong("the sheep", "the morning")
    assert 0.8 < near["sheep", "ship"] < 1
    assert far["sheep", "morning"] < 0.5 < near["sheep", "ship"]
    assert wrong("the two", "the too") == {}
    assert wrong("the sheep ran", "the ran") == {("sheep", ""): 0.0}
    assert wrong("the", "the end") == {("", "end"): 0.0}


def test_texts_of_the_same_sounds_have_the_same_print():
    one, same, other = EAR.prints([english("Two, please!"), english("too please"), english("ten")])
    assert one == same != other
    assert Ear(0.35).prints([english("ten"), english("two please")]) == [other, one]


@given(st.lists(PAIRS, max_size=12), st.integers(1, 4))
def test_a_table_counts_words_that_were_taken_for_words(found, most):
    table = Confusions().updated(found, last=1, most=100)
    both = [(one.said, one.heard) for one in found if one.said and one.heard]
    assert sum(pair.count for pair in table.pairs) == len(both)
    assert {(pair.said, pair.heard) for pair in table.pairs} == set(both)
    assert Confusions.read("".join(table.lines())) == table
    again = table.updated([], last=2, most=most)
    assert len(again.pairs) == min(most, len(table.pairs))
    counts = sorted((pair.count for pair in table.pairs), reverse=True)
    assert sorted((pair.count for pair in again.pairs), reverse=True) == counts[:most]


def test_what_came_up_long_ago_goes_first():
    table = Confusions().updated([Mistaken("a", "b", "en", 0.5)] * 5, last=1, most=9)
    table = table.updated([Mistaken("c", "d", "en", 0.4)], last=2, most=1)
    assert table.pairs == (Confusion("c", "d", "en", 0.4, 1, 2),)


def test_the_nearest_is_of_any_round():
    table = Confusions().updated([Mistaken("a", "b", "en", 0.5)], last=1, most=9)
    table = table.updated([Mistaken("a", "c", "en", 0.3)], last=2, most=9)
    assert table.nearest() == {("a", "en"): 0.5}
    assert [pair.heard for pair in table.often(1)] == ["b"]


def test_a_damaged_table_is_refused():
    with pytest.raises(DataError, match="remove it"):
        Confusions.read('{"said": "a"}\n')
