"""Which word of a question points, and when an answer spoke of the right picture."""

from typing import get_args

import pytest
from moments.asked import Found, Split, questions, read


def found(used, first=7, last=7):
    return Found(0, "What?", first, last, used, "", "", True, True, None, "rp")


@pytest.mark.parametrize("split", get_args(Split))
def test_most_questions_point_by_one_word_and_some_do_not(split):
    listed = questions(split)
    assert len(listed) == len({one.text for one in listed})
    assert all(one.text and "*" not in one.text for one in listed)
    pointing = [one for one in listed if one.word is not None]
    assert 0.75 < len(pointing) / len(listed) < 0.95
    words = {one.text.split()[one.word].strip(",.?").lower() for one in pointing}
    assert words >= {"this", "that", "these", "here"}


def test_nothing_is_reported_on_that_was_chosen_by():
    chosen, reported = ({one.text for one in questions(split)} for split in ("validation", "test"))
    assert not chosen & reported


@pytest.mark.parametrize(
    ("used", "off", "exact", "beside"),
    [(7, 0, True, True), (8, 1, False, True), (6, -1, False, True), (9, 2, False, False)],
)
def test_an_answer_may_speak_of_the_picture_beside(used, off, exact, beside):
    one = found(used)
    assert (one.off, one.within(0), one.within(1)) == (off, exact, beside)


@pytest.mark.parametrize(("used", "off"), [(5, -2), (7, 0), (9, 0), (12, 0), (13, 1)])
def test_a_question_that_points_at_nothing_means_all_that_was_in_view_meanwhile(used, off):
    assert found(used, 7, 12).off == off


def test_an_answer_that_speaks_of_none_is_wrong():
    assert not found(None).within(1)


@pytest.mark.parametrize(
    ("heard", "pointed"),
    [
        ("What does this say, that my brother bought?", True),
        ("What does the school say that my brother bought?", False),
        ("What does the say and is this my brother's?", False),
        ("", False),
    ],
)
def test_a_pointing_word_must_be_heard_where_it_was_said(heard, pointed):
    assert read("What does *this say that my brother bought?").pointed(heard) == pointed


def test_where_no_word_points_none_can_be_heard():
    one = read("How many people wait?")
    assert one.word is None
    assert not one.pointed(one.text)
