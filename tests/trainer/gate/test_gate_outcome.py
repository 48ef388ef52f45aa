import numpy as np

from talkover.trainer.gate.outcome import Group, outcome_of, wordless_outcome
from talkover.trainer.stages.example import Example

PCM = np.zeros(16_000, np.float32)


def example(text, language="en", **others):
    words = tuple((word, language) for word in text.split())
    return Example("e", PCM, words, language, **others)


def test_errors_are_counted_as_words_are_compared():
    said = example("Could you open the door, please?", accent="rp")
    found = outcome_of(said, Group.SPOKEN, "could you open a door", complete=True)
    assert (found.condition, found.group) == ("rp", Group.SPOKEN)
    assert (found.words, found.errors, found.deletions, found.written) == (6, 2, 1, 5)
    assert not found.repeats
    right = outcome_of(said, Group.SPOKEN, "Could you open the door please", complete=True)
    assert right.errors == 0


def test_words_of_the_other_language_are_counted_apart():
    words = (("Send", "en"), ("me", "en"), ("the", "en"), ("cuenta", "es"), ("again", "en"))
    said = Example("e", PCM, words, "en", accent="rp", pattern="insertion")
    wrong = outcome_of(said, Group.SPOKEN, "send me the quentage again", complete=True)
    assert wrong.condition == "insertion"
    assert (wrong.switched, wrong.switched_errors, wrong.errors) == (1, 1, 1)
    right = outcome_of(said, Group.SPOKEN, "sent me the cuenta again", complete=True)
    assert (right.switched_errors, right.errors) == (0, 1)


def test_one_loop_does_not_hide_all_else():
    said = example("la console", "fr")
    found = outcome_of(said, Group.PEOPLE, "la la la la la la la la", complete=True)
    assert (found.condition, found.words, found.errors) == ("fr", 2, 2)
    assert found.repeats


def test_a_text_that_does_not_end_repeats():
    assert outcome_of(example("hello there"), Group.PEOPLE, "hello there", complete=False).repeats


def test_what_people_repeat_is_no_loop():
    said = example("zero zero zero zero four")
    assert not outcome_of(said, Group.SPOKEN, "0 0 0 0 4", complete=True).repeats


def test_words_out_of_nothing_are_counted():
    found = wordless_outcome("w", " Thank you.", complete=True)
    assert (found.written, found.words, found.repeats) == (2, 0, False)
    assert wordless_outcome("w", "...", complete=True).written == 0
