"""Which word of a question points, and when an answer spoke of the right picture."""

import pytest
from moments.asked import Found, asked


@pytest.mark.parametrize("number", range(14))
def test_a_question_has_one_word_that_tells_the_moment(number):
    one = asked(number)
    words = one.text.split()
    assert "*" not in one.text
    if one.points:
        assert words[one.word].strip(",").lower() in {
            "this", "here", "these", "those", "now", "look", "read",
        }  # fmt: skip
    else:
        assert one.word == len(words) - 1


def test_some_questions_point_and_some_do_not():
    assert {asked(number).points for number in range(14)} == {True, False}
    assert asked(14) == asked(0)


@pytest.mark.parametrize(
    ("used", "off", "exact", "beside"),
    [(7, 0, True, True), (8, 1, False, True), (6, -1, False, True), (9, 2, False, False)],
)
def test_an_answer_may_speak_of_the_picture_beside(used, off, exact, beside):
    found = Found(0, "What is it now?", 7, used, "now", "What is it now?", None, "rp")
    assert (found.off, found.within(0), found.within(1)) == (off, exact, beside)


def test_an_answer_that_speaks_of_none_is_wrong():
    assert not Found(0, "What?", 7, None, "", "", None, "rp").within(1)


@pytest.mark.parametrize(
    ("number", "heard", "pointed"),
    [
        (0, "What does this say?", True),
        (0, "What does the school say that?", False),
        (0, "", False),
        (10, "How many people for the bus?", True),
        (10, "How many people?", False),
    ],
)
@pytest.mark.parametrize("cue", ["this", "that", ""])
def test_it_is_told_whether_the_pointing_word_was_heard_whatever_was_taken(
    number, heard, pointed, cue
):
    assert Found(number, "", 7, 7, cue, heard, None, "rp").pointed == pointed
