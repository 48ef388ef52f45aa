"""What eSpeak is given: long vowels where they are long, pauses where a mark stands."""

import pytest

from talkover.core.clock import RATE
from talkover.core.errors import ConfigError
from talkover.trainer.data.accents import accent
from talkover.trainer.data.mouths import mouth_of, speak, tense_of
from talkover.trainer.data.throat import Throat


@pytest.fixture(scope="module")
def throat():
    try:
        with Throat() as one:
            mouth_of(accent("rp"))
            yield one
    except ConfigError as error:
        pytest.skip(str(error))


def vowel_of(code, word, throat):
    """Seconds of a word's vowel."""
    chosen = accent(code)
    said = speak(chosen, chosen.say(f"Say {word} again."), throat)
    (phone,) = [p for p in said.words[1].phones if p.symbol in ("i", "iː", "ɪ")]
    return (phone.end - phone.start) / RATE


@pytest.mark.parametrize("code", ["general_american", "rp"])
def test_beat_is_longer_than_bit_with_or_without_a_length_mark(code, throat):
    assert vowel_of(code, "beat", throat) > vowel_of(code, "bit", throat)


def test_where_beat_and_bit_are_one_they_are_said_alike(throat):
    assert "i" not in tense_of(accent("nigerian"))
    assert vowel_of("nigerian", "beat", throat) == vowel_of("nigerian", "bit", throat)


@pytest.mark.parametrize(
    ("mark", "pauses"), [(",", True), (";", True), (".", True), ('."', True), ("", False)]
)
def test_a_mark_is_heard_as_a_pause(mark, pauses, throat):
    chosen = accent("welsh")
    one, other = speak(chosen, chosen.say(f"Monday{mark} Tuesday"), throat).words
    assert (other.start - one.end > 0.08 * RATE) is pauses


def test_a_question_is_not_said_like_an_answer(throat):
    chosen = accent("irish")
    asked, told = (speak(chosen, chosen.say(f"On Monday{mark}"), throat).pcm for mark in "?.")
    assert asked.tobytes() != told.tobytes()


def test_the_end_of_happy_is_short_where_beat_is_long(throat):
    mouth = mouth_of(accent("general_american"))
    assert (mouth.says["i"], mouth.stressed["i"]) == ("i", "i:")
    assert mouth.mnemonics(accent("general_american").say("beat")) == "[[b|'i:|t|]]"
    assert mouth.mnemonics(accent("general_american").say("happy")).endswith("i|]]")
