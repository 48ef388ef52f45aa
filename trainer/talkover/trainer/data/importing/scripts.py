"""Which letters a language is written with, and what else stands in a transcript. Pure."""

from collections.abc import Iterable
from functools import cache
from typing import Final

import regex

_LANGUAGES: Final = {
    "Latin": (
        "af az ca cs cy da de en eo es et eu fi fil fr fy ga gl ha hr hu ia id ig is it jv lg lt "
        "lv ms mt nb nl nn no oc pl pt rm ro rw sk sl so sq sr sv sw tl tr uz vi yo zu"
    ),
    "Cyrillic": "ba be bg cv kk ky mk mn ru sr tg tt uk",
    "Arabic": "ar ckb fa ps ug ur",
    "Devanagari": "hi mr ne sa",
    "Bengali": "as bn",
    "Hebrew": "he yi",
    "Ethiopic": "am ti",
    "Han": "ja ko nan yue zh",
    "Hiragana": "ja",
    "Katakana": "ja",
    "Hangul": "ko",
    "Greek": "el",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Oriya": "or",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Sinhala": "si",
    "Thai": "th",
    "Lao": "lo",
    "Myanmar": "my",
    "Khmer": "km",
    "Georgian": "ka",
    "Armenian": "hy",
}
_SYLLABIC: Final = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_LETTER: Final = regex.compile(r"\p{L}")
_CONTROL: Final = regex.compile(r"[\p{C}--[\t\n\r\u200c\u200d]]", regex.V1)
"""Lines may be broken; two joiners are spelling in Persian and in the scripts of India."""
_MARKUP: Final = regex.compile(r"[<>\[\]{}|\\_~^=`#*@\p{So}\p{Sk}\uFFFD]|&\w+;|https?:|www\.")
_READ_OUT: Final = regex.compile(r"[\p{N}\p{Sc}%&+/§°]")
"""What can be read in more ways than one."""
_SYLLABLE: Final = 3.0


def language_of(locale: str) -> str:
    """``en`` of ``en-GB`` or ``en_GB``."""
    return locale.replace("_", "-").partition("-")[0].lower()


@cache
def scripts_of(language: str) -> tuple[str, ...]:
    """Of a language, in Unicode's names; none of one that is not known here."""
    return tuple(script for script, those in _LANGUAGES.items() if language in those.split())


def foreign(text: str, languages: Iterable[str]) -> list[str]:
    """Letters that none of the languages is written with, in order; none if one is not known."""
    scripts = [scripts_of(language) for language in languages]
    if not all(scripts):
        return []
    return list(_foreign(tuple(sorted({name for some in scripts for name in some}))).findall(text))


def controls(text: str) -> list[str]:
    """Characters that nobody sees."""
    return list(_CONTROL.findall(text))


def markup(text: str) -> list[str]:
    """What is written about speech, or for a machine."""
    return list(_MARKUP.findall(text))


def read_out(text: str) -> list[str]:
    """Digits and signs, of which a transcript does not tell how they are said."""
    return list(_READ_OUT.findall(text))


def letters(text: str) -> float:
    """How much there is to say: letters, and three for a character that is a syllable."""
    syllables = len(_SYLLABIC.findall(text))
    return len(_LETTER.findall(text)) + (_SYLLABLE - 1.0) * syllables


@cache
def _foreign(scripts: tuple[str, ...]) -> "regex.Pattern[str]":
    own = "".join(rf"\p{{{name}}}" for name in scripts)
    return regex.compile(rf"[\p{{L}}--[{own}\p{{Common}}\p{{Inherited}}]]", regex.V1)
