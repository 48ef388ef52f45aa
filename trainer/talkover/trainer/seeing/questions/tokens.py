"""What is said or written as tokens that can be compared: numbers as digits, no articles. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_UNITS: Final = {name: value for value, name in enumerate(_SMALL)}
_ROUND: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS: Final = {name: 10 * value for value, name in enumerate(_ROUND, start=2)}
_ZEROS: Final = ("oh", "o", "nought")
_EMPTY: Final = frozenset(
    {"a", "an", "the", "pound", "pounds", "dollar", "dollars", "euro", "euros", "pence", "cents"}
)
"""Articles, and what is between the two numbers of a price."""
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+")


def tokens_of(text: str) -> list[str]:
    """Words in lower case and groups of digits.

    "The number is forty-seven twenty nine" and "the number is 47 29" give the same; so do "4.60",
    "four sixty" and "4 60". Apostrophes join: "can't" is "cant".
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _THOUSANDS.sub(
        "", plain.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    return [token for token in _numbers(_TOKEN.findall(plain)) if token not in _EMPTY]


def joined(tokens: Sequence[str]) -> list[str]:
    """With digits that follow one another as one: read in groups, a number is the same number."""
    found: list[str] = []
    for token in tokens:
        if token.isdigit() and found and found[-1].isdigit():
            found[-1] += token
        else:
            found.append(token)
    return found


def _numbers(words: list[str]) -> list[str]:
    found: list[str] = []
    place = 0
    while place < len(words):
        value, after = _number(words, place)
        if after > place:
            found.append(str(value))
        elif words[place] in _ZEROS and found and found[-1].isdigit():
            found.append("0")
            after = place + 1
        else:
            found.append(words[place])
            after = place + 1
        place = after
    return found


def _number(words: list[str], place: int) -> tuple[int, int]:
    """A number in words from a place on, and where it ends; the same place: there is none."""
    value, after = _below_thousand(words, place)
    if after == place or words[after : after + 1] != ["thousand"]:
        return value, after
    rest, end = _below_thousand(words, _and(words, after + 1))
    return (
        (value * 1_000 + rest, end) if end > _and(words, after + 1) else (value * 1_000, after + 1)
    )


def _below_thousand(words: list[str], place: int) -> tuple[int, int]:
    value, after = _below_hundred(words, place)
    if after == place or value > 9 or words[after : after + 1] != ["hundred"]:
        return value, after
    begin = _and(words, after + 1)
    rest, end = _below_hundred(words, begin)
    return (value * 100 + rest, end) if end > begin else (value * 100, after + 1)


def _below_hundred(words: list[str], place: int) -> tuple[int, int]:
    word = words[place] if place < len(words) else ""
    if word in _TENS:
        unit = _UNITS.get(words[place + 1], 0) if place + 1 < len(words) else 0
        return (_TENS[word] + unit, place + 2) if 0 < unit < 10 else (_TENS[word], place + 1)
    return (_UNITS[word], place + 1) if word in _UNITS else (0, place)


def _and(words: list[str], place: int) -> int:
    return place + 1 if words[place : place + 1] == ["and"] else place
