"""Words as they are compared: lower case, without punctuation, a Han character each its own."""

import re
import unicodedata
from typing import Final

_SIGN: Final = r"[\[(<{*（【][^\])>}*）】]{0,80}[\])>}*）】]"  # noqa: RUF001 - wide brackets are meant
ANNOTATIONS: Final = re.compile(_SIGN + r"|[♪♫♬♩]+")
"""What a recogniser writes for sounds that are no words: "[BLANK_AUDIO]", "(music)", "♪"."""

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_INDIC: Final = "\u0900-\u0963\u0966-\u097f\u200c\u200d"
"""Devanagari with its vowel signs, which ``\\w`` leaves out, and without its full stops."""
_WORD: Final = re.compile(rf"[{_HAN}]|(?:[^\W_{_HAN}]|[{_INDIC}])+(?:'(?:[^\W_{_HAN}])+)*'?")
_RUN: Final = re.compile(r"(.)\1{2,}")
_APOSTROPHES: Final = str.maketrans("’‘ʼ`", "''''")  # noqa: RUF001 - typographic marks are meant
_DIACRITICS: Final = range(0x300, 0x370)


def tokenise(text: str) -> list[str]:
    """The words of a text, in order; annotations such as "(music)" are no words.

    A French elision is a word of its own ("j'ai" → "j'", "ai"), a hyphen parts two words, and
    digits stay together as they were written.
    """
    plain = text.translate(_APOSTROPHES)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    words: list[str] = []
    for word in _WORD.findall(ANNOTATIONS.sub(" ", plain).lower()):
        head, mark, tail = word.partition("'")
        if mark and tail and len(head) <= 2 and head in _ELIDED:
            words += (head + mark, tail)
        else:
            words.append(word if mark and len(head) <= 2 else word.rstrip("'"))
    return words


_ELIDED: Final = frozenset(("c", "d", "j", "l", "m", "n", "s", "t", "qu"))


def fold(word: str) -> str:
    """A Latin word without its accents."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    bare = "".join(char for char in parts if ord(char) not in _DIACRITICS)
    return unicodedata.normalize("NFC", bare)


def spellings(word: str) -> tuple[str, ...]:
    """How else a word may stand in a list: drawn-out letters shortened, accents gone.

    "yeaaah" is tried as "yeaah" and "yeah", "duì" as "dui".
    """
    found = [fold(word)]
    if _RUN.search(word):
        bare = found[0]
        found += [_RUN.sub(r"\1\1", bare), _RUN.sub(r"\1", bare)]
    return tuple(dict.fromkeys(found))
