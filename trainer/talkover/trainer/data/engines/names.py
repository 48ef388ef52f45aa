"""Names under which an engine is given words that it shall say as it is told. Pure.

An engine reads a word by its name: it looks it up, spells it out if it looks odd, and takes its
part of speech for phrasing and accents. So a word is sent under a name that holds no surprise: one
of its own class for a small word, and a made-up one for the others. Nothing of a text is ever part
of what an engine reads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from talkover.core.errors import DataError
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.rules import Phone

STOPS: Final = ".?!;:,"
"""Marks after a word at which an engine pauses."""

_ENDS: Final = frozenset(".?!")
_MARKS: Final = STOPS + "\"'()"


@dataclass(frozen=True, slots=True)
class _Class:
    """Small words that engines tell apart from others, not so much from one another.

    Attributes:
        words: Those that are meant.
        names: Those that are sent, which engines leave as they are ("the" they do not).
    """

    words: frozenset[str]
    names: tuple[str, ...]


_CLASSES: Final = tuple(
    _Class(frozenset(f"{others} {names}".split()), tuple(names.split()))
    for others, names in (
        ("the a an no all", "some this those every any these each both another"),
        ("to up down as than if that", "of for in on with by at from before under after into"),
        ("shall might", "will may would can could should must"),
        ("plus yet", "and but or nor"),
        ("my your mine", "his their our its her"),
        ("is am has have had do does did", "was were are be"),
        ("which why whose", "who what where when how"),
    )
)
_MADE_UP: Final = tuple(
    first + "a" + second + "oo" + third + "a"
    for first, second, third in product("bdgklmn", "dgklmn", "bdgklmn")
)


def named(words: Sequence[SaidWord]) -> list[str]:
    """A name for each word: the same for two of a class that sound alike, else another.

    Raises:
        DataError: there are too many different words; the message says how many can be said.
    """
    pools = [iter(some.names) for some in _CLASSES]
    made_up = iter(_MADE_UP)
    given: dict[tuple[int, tuple[Phone, ...]], str] = {}
    for word in words:
        which = _class_of(word)
        if (which, word.phones) not in given:
            name = next(pools[which], None) if which >= 0 else None
            name = name or next(made_up, None)
            if name is None:
                raise DataError(f"over {len(_MADE_UP)} different words at once; split the text")
            given[which, word.phones] = name
    return [given[_class_of(word), word.phones] for word in words]


def marked(names: Sequence[str], words: Sequence[SaidWord]) -> Iterator[str]:
    """Names of a sentence with its marks; commas inside, as others would make two sentences."""
    for place, (name, word) in enumerate(zip(names, words, strict=True)):
        stop = stop_of(word)
        ends = place == len(names) - 1 and stop in _ENDS
        yield name + (stop if ends or not stop else ",")


def stop_of(word: SaidWord) -> str:
    """The mark after a word at which an engine pauses; empty: none."""
    behind = word.text[len(word.text.rstrip(_MARKS)) :]
    return next((mark for mark in STOPS if mark in behind), "")


def sentences(words: Sequence[SaidWord]) -> Iterator[list[SaidWord]]:
    """Words from full stop to full stop."""
    sentence: list[SaidWord] = []
    for word in words:
        sentence.append(word)
        if stop_of(word) in _ENDS:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _class_of(word: SaidWord) -> int:
    """Its place in the classes; -1: none."""
    bare = word.text.strip(_MARKS).lower()
    return next((place for place, some in enumerate(_CLASSES) if bare in some.words), -1)
