"""Words of a text, as they are compared: without case and punctuation. Pure.

A Chinese character is a word. A word joined by a hyphen is two. A picture among the letters, such
as the note that stands for music, is a word, too: whoever writes one down claims to have heard it.
"""

from itertools import islice
from typing import Final
from unicodedata import normalize

import regex

LONGEST: Final = 40
"""Letters of a word; a longer one counts as several."""
MOST: Final = 500
"""Words of a text that are looked at. Whisper has no room for more."""
_SHORT: Final = 2
"""Digits of a number that nobody reads by its digits."""
_LETTER: Final = r"[\p{L}\p{M}\p{N}--\p{Han}]"
_WORD: Final = regex.compile(
    rf"(?V1)\p{{Han}}|\p{{N}}+(?:[.,]\p{{N}}+)*%?(?!\p{{L}})|{_LETTER}+(?:'{_LETTER}+)*|\p{{So}}"
)
_APOSTROPHES: Final = str.maketrans(
    "\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}", "''"
)


def words_in(text: str) -> list[str]:
    """The first ``MOST`` words of a text, in small letters."""
    plain = normalize("NFC", text.casefold()).translate(_APOSTROPHES)
    found = (match[0] for match in _WORD.finditer(plain))
    pieces = (
        word[begin : begin + LONGEST]
        for word in islice(found, MOST)
        for begin in range(0, len(word), LONGEST)
    )
    return list(islice(pieces, MOST))


def characters_in(text: str) -> int:
    """Of a text, all that is not a space."""
    return sum(not character.isspace() for character in text)


def readings(words: list[str]) -> list[list[str]]:
    """What may be meant by words: themselves and, if there are long numbers, those by their digits.

    Whoever is told "four two seven one" may well write 4271, and has heard nothing wrong.
    """
    if not any(map(_is_long_number, words)):
        return [words]
    return [words, [part for word in words for part in (word if _is_long_number(word) else [word])]]


def _is_long_number(word: str) -> bool:
    return len(word) > _SHORT and word.isdecimal()
