"""English words as keys: which lexical set each vowel belongs to, whoever will say it.

eSpeak NG's phonemes for English are such keys, since all its accents share one dictionary: BATH is
``aa`` whether it will sound like TRAP or like PALM. So one reading serves every accent of ours.
Lexical sets after Wells (1982), Accents of English 1, ch. 2.2; happY, lettER and commA, ch. 2.3.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from talkover.core.errors import DataError
from talkover.trainer.data.espeak import phonemes, run_espeak

Base = Literal["en-us", "en-gb-x-rp", "en-gb-scotland"]
"""An accent of eSpeak, for the words in which dictionaries disagree: "new", "hurry", "tomato"."""
BASES: Final[tuple[Base, ...]] = ("en-us", "en-gb-x-rp", "en-gb-scotland")

LEXICAL_SETS: Final = (
    *("KIT", "DRESS", "TRAP", "LOT", "STRUT", "FOOT", "BATH", "CLOTH", "NURSE", "FLEECE", "FACE"),
    *("PALM", "THOUGHT", "GOAT", "GOOSE", "PRICE", "CHOICE", "MOUTH", "NEAR", "SQUARE", "START"),
    *("NORTH", "FORCE", "CURE", "happY", "lettER", "commA"),
)
WITH_R: Final = frozenset({"NURSE", "NEAR", "SQUARE", "START", "NORTH", "FORCE", "CURE", "lettER"})
"""Lexical sets with an r in their spelling, which is heard in some accents."""
LONGEST: Final = 2_000
"""Characters of a text."""

_LINKING: Final = "r-"
"""An r that is there only before a vowel: accents decide on that by the vowel before it."""
_MARKS: Final = '.,;:!?"()'
_WRITTEN_R: Final = re.compile(r"[aeiouy]re?(s|d|ed|ing|ly)?$")
_SMALL: Final = frozenset(
    {"a", "an", "the", "and", "or", "but", "of", "to", "in", "on", "at", "by", "for", "from", "as"}
    | {"is", "are", "was", "were", "be", "am", "it", "its", "my", "your", "his", "her", "than"}
    | {"with", "that", "can", "could", "would", "should", "will", "do", "does", "has", "have"}
    | {"i", "you", "he", "she", "we", "they", "me", "him", "us", "them", "our", "their", "had"}
    | {"i'm", "i've", "i'd", "i'll", "it's", "we're", "you're", "been", "did", "if", "there's"}
)
"""Words without stress, where the sentence lays none on them."""
_STRESS: Final = {"'": 1, ",": 2}


@dataclass(frozen=True, slots=True)
class Key:
    """A sound of a word, before anybody says it.

    Attributes:
        symbol: A lexical set, or a consonant in IPA.
        stress: Of a vowel: 1 main, 2 secondary, 0 none.
    """

    symbol: str
    stress: int = 0

    @property
    def vowel(self) -> bool:
        """A lexical set."""
        return self.symbol in LEXICAL_SETS


@dataclass(frozen=True, slots=True)
class KeyWord:
    """A word: how it is written, and its keys."""

    text: str
    keys: tuple[Key, ...]


def read_words(text: str, base: Base) -> list[KeyWord]:
    """Words of an English text as keys.

    Each word is read by itself, in its strong form but for the smallest ones, so that word and
    keys stay together.

    Args:
        text: At most ``LONGEST`` characters.
        base: Whose dictionary decides where accents differ by word.

    Raises:
        ConfigError: eSpeak NG is not installed.
        DataError: the text is too long, or holds something that eSpeak reads in an unknown way.
    """
    if len(text) > LONGEST:
        raise DataError(f"a text of {len(text)} characters; split it ({LONGEST} at most)")
    written = [word for word in text.split() if any(character.isalnum() for character in word)]
    return [KeyWord(word, _read(_bare(word), base)) for word in written]


def _bare(word: str) -> str:
    return word.strip(_MARKS).lower()


def _read(word: str, base: Base) -> tuple[Key, ...]:
    keys = tuple(_keys(word, _mnemonics(word, base)))
    return tuple(replace(key, stress=0) for key in keys) if word in _SMALL else keys


@lru_cache(maxsize=50_000)
def _mnemonics(word: str, base: Base) -> tuple[str, ...]:
    said = run_espeak("-v", base, "-q", "-x", "--sep=_", "--", word).decode("utf-8")
    return tuple(token for token in re.split(r"[_\s]+", said) if token.strip(":;|"))


def _keys(word: str, mnemonics: tuple[str, ...]) -> Iterator[Key]:
    known = phonemes()
    for place, mnemonic in enumerate(mnemonics):
        whole = mnemonic.lstrip("',%=")
        marks = mnemonic[: len(mnemonic) - len(whole)]
        stress = max((_STRESS.get(mark, 0) for mark in marks), default=0)
        short = whole.rstrip(":;")  # marks of length that change no set
        known_whole = whole in known.sets or short not in known.sets | known.consonants
        name = whole if known_whole else short
        if name in known.consonants:
            yield Key(known.consonants[name])
        elif name == _LINKING:
            continue
        elif name in known.syllabic:
            yield from (Key("commA"), Key(known.syllabic[name]))
        elif name in known.two:
            first, second = known.two[name]
            yield from (Key(first, stress), Key(second))
        elif name in known.sets:
            last = place == len(mnemonics) - 1
            yield Key(_last(name, word) if last and not stress else known.sets[name], stress)
        else:
            raise DataError(f"eSpeak reads {word!r} with {name!r}, which is no key")


def _last(name: str, word: str) -> str:
    """The set of a word's last sound, a vowel without stress.

    An accent of eSpeak without r writes "letter" and "comma" alike, though their spelling differs;
    its Scottish one ends "comma" on the vowel of "strut".
    """
    if name == "a#":
        return "lettER" if _WRITTEN_R.search(word) else "commA"
    return "commA" if name == "V" else phonemes().sets[name]
