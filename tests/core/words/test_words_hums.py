"""Hums are told from words, however they are written."""

import pytest

from talkover.core.words.hums import hummed


@pytest.mark.parametrize(
    ("text", "sounds"),
    [("Mm-hm.", "m-h'm-"), ("mhm", "m-h'm-"), ("Hmm…", "h'm-:"), ("MM", "m-")],
)
def test_a_hum_is_phonemes(text: str, sounds: str) -> None:
    assert hummed(text) == f"[[{sounds}]]"


@pytest.mark.parametrize("text", ["Uh-huh.", "Yes.", "home", "嗯。", "हम्म।", "", "..."])
def test_what_has_words_or_other_letters_is_left_to_the_program(text: str) -> None:
    assert hummed(text) is None
