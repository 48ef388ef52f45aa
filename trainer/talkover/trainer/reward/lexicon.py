"""Which languages a written word may be of: by its script, and by how often it is used in each.

Frequencies are those of wordfreq (Speer 2022, rspeer/wordfreq: v3.0), its smaller lists. A word is
of each language in which it is not far rarer than where it is most used: "bus" is of many, "bill"
of English. Single letters, numbers and words that no list has may be of any language of the script.
"""

from functools import cache, lru_cache
from typing import Final

import regex
from wordfreq import get_frequency_dict

LATIN: Final = ("en", "es", "fr", "de")
LANGUAGES: Final = (*LATIN, "hi", "zh")
"""ISO 639-1, in this order where nothing else decides."""

_RARER: Final = 10.0
"""Times; measured on code-switched sentences: of the Latin words, 0.7 % are then denied their
language and 77 % have one only (3 times: 1.7 % and 82 %, 30 times: 0.2 % and 72 %)."""
_LIST: Final = "small"
_SCRIPTS: Final = (
    (regex.compile(r"\p{Latin}"), LATIN),
    (regex.compile(r"\p{Devanagari}"), ("hi",)),
    (regex.compile(r"\p{Han}"), ("zh",)),
)
_PARTS: Final = regex.compile(r"\p{Latin}{2,}")
_LETTERS: Final = regex.compile(r"\p{L}")


@lru_cache(maxsize=100_000)
def languages_of(word: str) -> tuple[str, ...]:
    """Those that a word may be of, the likeliest first; none for a script of other languages.

    Args:
        word: In small letters.
    """
    letters: list[str] = _LETTERS.findall(word)
    left: tuple[str, ...] = LANGUAGES
    for letter in letters:
        mine = next((some for script, some in _SCRIPTS if script.match(letter)), ())
        left = tuple(language for language in left if language in mine)
    if not letters or not set(left) <= set(LATIN):
        return left
    for part in _PARTS.findall(word):
        likely = _likely(part)
        left = tuple(language for language in likely if language in left) or left
    return left


def _likely(word: str) -> tuple[str, ...]:
    often = {language: _frequencies(language).get(word, 0.0) for language in LATIN}
    most = max(often.values())
    if not most:
        return LATIN
    some = [language for language in LATIN if often[language] * _RARER >= most]
    return tuple(sorted(some, key=lambda language: -often[language]))


@cache
def _frequencies(language: str) -> dict[str, float]:
    """Read once: that takes a tenth of a second."""
    return get_frequency_dict(language, _LIST)
