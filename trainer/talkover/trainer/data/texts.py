"""What is said: sentences drawn from templates, none of them in two splits. Pure.

A sentence belongs to a split by the hash of its words, so whatever draws it, and however often, a
sentence of the test split is never learnt from.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

import numpy as np

from talkover.core.errors import DataError

Random = np.random.Generator


class Split(StrEnum):
    """What a sentence may be used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Theme(StrEnum):
    """What it is about."""

    CALL_CENTRE = "call_centre"
    EVERYDAY = "everyday"
    PICTURES = "pictures"


_SLOT: Final = re.compile(r"\{(\w+)(?::(\d+))?\}")
_AROUND_HAN: Final = re.compile("(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])")
_TRIES: Final = 1_000
_UNITS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS: Final = (
    *("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
)
_ORDINALS: Final = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth"),
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def sentence_of(text: str) -> bytes:
    """What stands for a sentence: sha256 of its words.

    Case, punctuation and how accents are encoded do not count, nor do spaces between Chinese words.
    """
    return sha256(_plain(text).encode()).digest()


def _plain(text: str) -> str:
    """Words alone; the vowel signs of Hindi are marks, and belong to them."""
    kept = (
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in unicodedata.normalize("NFC", text.casefold())
    )
    return _AROUND_HAN.sub("", " ".join("".join(kept).split()))


def split_of(text: str) -> Split:
    """Of ten sentences eight are for training."""
    place = sentence_of(text)[0] % 10
    return Split.TRAIN if place < 8 else Split.VALIDATION if place == 8 else Split.TEST


def draw_text(theme: Theme, split: Split, random: Random) -> str:
    """A sentence of a split.

    Numbers are written in words: what is said is what is written, whoever reads it.

    Raises:
        DataError: the templates of the theme give too few sentences of this split.
    """
    templates = _templates()[theme]
    for _ in range(_TRIES):
        text = _filled(str(random.choice(templates)), random)
        if split_of(text) is split:
            return text
    raise DataError(f"{_TRIES} sentences about {theme} and none for {split}; write more templates")


def number_words(number: int) -> str:
    """A number in words, 0 to 9,999."""
    if number < len(_UNITS):
        return _UNITS[number]
    if number < 100:
        tens, units = divmod(number, 10)
        return _TENS[tens] + (f" {_UNITS[units]}" if units else "")
    size, name = (100, "hundred") if number < 1_000 else (1_000, "thousand")
    many, rest = divmod(number, size)
    head = f"{number_words(many)} {name}"
    joint = " and " if 0 < rest < 100 else " "
    return head + (joint + number_words(rest) if rest else "")


def _filled(template: str, random: Random) -> str:
    text = _SLOT.sub(lambda slot: _made(slot[1], int(slot[2] or 0), random), template)
    return text[:1].upper() + text[1:]


def _made(name: str, size: int, random: Random) -> str:
    if name in _MAKERS:
        return _MAKERS[name](size, random)
    try:
        return str(random.choice(_lists()[name]))
    except KeyError:
        raise DataError(f"texts.toml has a template with {{{name}}}, and no such list") from None


def _digits(size: int, random: Random) -> str:
    return " ".join(_UNITS[int(digit)] for digit in random.integers(0, 10, size))


def _count(_size: int, random: Random) -> str:
    return number_words(int(random.integers(2, 100)))


def _money(_size: int, random: Random) -> str:
    pounds, pence = int(random.integers(2, 2_000)), int(random.integers(0, 20)) * 5
    currency = str(random.choice(["dollars", "pounds", "euros"]))
    return f"{number_words(pounds)} {currency}" + (f" {number_words(pence)}" if pence else "")


def _clock(_size: int, random: Random) -> str:
    hour, minute = int(random.integers(1, 13)), int(random.choice([0, 5, 10, 15, 20, 30, 40, 45]))
    if not minute:
        return f"{_UNITS[hour]} o'clock"
    return f"{_UNITS[hour]} {'oh ' if minute < 10 else ''}{number_words(minute)}"


def _date(_size: int, random: Random) -> str:
    return f"the {_ordinal(0, random)} of {random.choice(_lists()['month'])}"


def _ordinal(_size: int, random: Random) -> str:
    return _ORDINALS[int(random.integers(len(_ORDINALS)))]


def _spelling(_size: int, random: Random) -> str:
    chosen = random.integers(0, len(_LETTERS), int(random.integers(3, 6)))
    return " ".join(_LETTERS[int(letter)].upper() for letter in chosen)


_MAKERS: Final[dict[str, Callable[[int, Random], str]]] = {
    "digits": _digits,
    "count": _count,
    "money": _money,
    "clock": _clock,
    "date": _date,
    "ordinal": _ordinal,
    "spelling": _spelling,
}


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("texts.toml").read_text("utf-8"))


def _templates() -> dict[str, list[str]]:
    templates: dict[str, list[str]] = _read()["templates"]
    return templates


def _lists() -> dict[str, list[str]]:
    lists: dict[str, list[str]] = _read()["lists"]
    return lists
