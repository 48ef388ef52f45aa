"""What single words and phrases say about turns, from one data file a language.

A file is ``data/<ISO 639-1>.toml``; adding a language is adding a file. It holds groups
(``[[backchannel]]`` and so on), each with a ``weight`` from 0 to 1 and its ``phrases``:

- ``backchannel``: how likely the phrase alone is "go on, I am listening".
- ``floor``: how likely it alone takes the floor.
- ``hesitation``: how surely it only holds the speaker's own turn.
- ``hallucination``: how likely a recogniser wrote it for silence or noise.
- ``correction``: how surely it opens a correction of what was understood; it takes the floor as
  surely.
- ``open``: how surely more follows a text that ends in it.
- ``start``: how surely a short text that begins with it needs more words or a second clause.
- ``question``: how far a text that begins with it may end in an ``open`` word all the same.
- ``answer``: how surely a text that is this and no more is whole; a likely backchannel is, too.
- ``closed``: how surely nothing follows a text that ends in it.

and, for dictated values, ``[[number]]``, words by the ``digits`` they stand for (one of
``DIGITS``), and ``[[dictation]]``, see ``Dictation``.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from talkover.core.errors import ConfigError
from talkover.core.words.tokens import fold, spellings, tokenise

ACTS: Final = ("backchannel", "floor", "hesitation", "hallucination", "correction")
ENDS: Final = ("open", "start", "question", "answer", "closed")
DIGITS: Final = ("1", "2", "tens", "double", "triple", "scale", "join", "as")
"""One digit; two; two, or one before a single one ("twenty" "five"); the next once or twice more;
"hundred" and the like; words between digits; words between a letter and its example.
"""
KINDS: Final = ("phone", "card", "code", "date", "address", "email", "spelling")
"""Of values that people dictate."""

_GUESSED: Final = 0.6
"""What another language's words count for when nobody knows which one is spoken."""
_FALLBACK: Final = "en"
_REMEMBERED: Final = 64
"""Combinations of languages kept, and words with an unusual spelling a combination."""

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """What a phrase is likely to do, each from 0 to 1."""

    backchannel: float = 0.0
    floor: float = 0.0
    hesitation: float = 0.0
    hallucination: float = 0.0
    correction: float = 0.0


@dataclass(frozen=True, slots=True)
class Dictation:
    """A kind of value that people dictate.

    Attributes:
        kind: One of ``KINDS``.
        least: Digits (letters of a spelling) below which it is surely unfinished.
        full: Digits with which it may well be finished.
    """

    kind: str
    least: int
    full: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The phrases of one or more languages.

    Attributes:
        acts: What phrases do.
        reach: First word → words of the longest phrase in ``acts`` that begins with it.
        open: How surely more follows.
        start: How surely more follows a short text that begins so.
        question: How far a text that begins so may end in an ``open`` word.
        answer: How surely a text that is no more than this is whole.
        closed: How surely nothing follows.
        numbers: Number words → one of ``DIGITS``.
        cues: Phrases that ask for a value or announce it → what it is.
        known: Every word of any phrase.
    """

    acts: Mapping[Phrase, Act]
    reach: Mapping[str, int]
    open: Mapping[Phrase, float]
    start: Mapping[Phrase, float]
    question: Mapping[Phrase, float]
    answer: Mapping[Phrase, float]
    closed: Mapping[Phrase, float]
    numbers: Mapping[Phrase, str]
    cues: Mapping[Phrase, Dictation]
    known: frozenset[str]

    def spell(self, words: Sequence[str]) -> list[str]:
        """The same words, each as the lists spell it if they know it at all."""
        known = self.known
        return [word if word in known else self._respelled(word) for word in words]

    def _respelled(self, word: str) -> str:
        if word.isascii() and not word.isalpha():
            return word
        return next((other for other in spellings(word) if other in self.known), word)


def languages_known() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that have a data file, sorted."""
    names = (entry.name for entry in files(__package__).joinpath("data").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def lexicon(languages: Sequence[str]) -> Lexicon:
    """The phrases of some languages together; where two disagree, the larger weight holds.

    A language without a file, or none at all, is taken for English and, at a discount, for
    every other one. The first call for a combination reads and merges files, which takes
    milliseconds: make it before a call needs the answer.

    Args:
        languages: ISO 639-1, with or without a region ("en-US").

    Raises:
        ConfigError: a data file is not as described above.
    """
    return _merged(tuple(languages))


@lru_cache(maxsize=_REMEMBERED)
def _merged(languages: tuple[str, ...]) -> Lexicon:
    named = [language.replace("_", "-").split("-")[0].lower() for language in languages]
    shares = {code: 1.0 for code in named if code in languages_known()}
    if not named or len(shares) < len(set(named)):
        shares = dict.fromkeys(languages_known(), _GUESSED) | shares | {_FALLBACK: 1.0}
    return _merge([(_language(code), share) for code, share in shares.items()])


@dataclass(frozen=True, slots=True)
class _Language:
    """One file, in the form that is looked up: phrases as words."""

    weights: Mapping[str, Mapping[Phrase, float]]
    numbers: Mapping[Phrase, str]
    cues: Mapping[Phrase, Dictation]


@lru_cache(maxsize=_REMEMBERED)
def _language(code: str) -> _Language:
    """A file as phrases; with accents gone, too, where that makes no other phrase of its own."""
    data = parse(code, files(__package__).joinpath("data", f"{code}.toml").read_text("utf-8"))
    weights = {
        table: {
            tuple(tokenise(text)): float(group["weight"])
            for group in data.get(table, [])
            for text in group["phrases"]
        }
        for table in (*ACTS, *ENDS)
    }
    exact = {phrase for table in weights.values() for phrase in table}
    for table in weights.values():
        for phrase, weight in list(table.items()):
            if (bare := tuple(map(fold, phrase))) not in exact:
                table[bare] = weight
    numbers = {
        phrase: group["digits"]
        for group in data.get("number", [])
        for text in group["phrases"]
        for phrase in _forms(text)
    }
    cues = {
        phrase: Dictation(group["kind"], group["least"], group["full"])
        for group in data.get("dictation", [])
        for text in group["cues"]
        for phrase in _forms(text)
    }
    return _Language(weights, numbers, cues)


def parse(code: str, content: str) -> dict[str, Any]:
    """Read one language's file.

    Raises:
        ConfigError: it is not as the module's docstring says.
    """
    try:
        data = tomllib.loads(content)
        fault = _fault(data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        fault = repr(error)
    if fault:
        raise ConfigError(f"the words of {code!r} cannot be used ({fault}); mend its data file")
    return data


def _fault(data: dict[str, Any]) -> str:
    """What is wrong with a file's content; empty if nothing is."""
    for table in (*ACTS, *ENDS):
        for group in data.get(table, []):
            if not 0.0 <= group["weight"] <= 1.0 or not all(map(tokenise, group["phrases"])):
                return f"a group of {table} has a weight outside 0 to 1 or an empty phrase"
    for group in data.get("dictation", []):
        if group["kind"] not in KINDS or not 0 < group["least"] <= group["full"]:
            return f"dictation of {group['kind']!r}"
        if not all(map(tokenise, group["cues"])):
            return "an empty cue"
    for group in data.get("number", []):
        if group["digits"] not in DIGITS or not all(map(tokenise, group["phrases"])):
            return f"numbers of {group['digits']!r} digits"
    return "" if {"language", "basis"} <= data.keys() else "language or basis is missing"


def _merge(sources: Sequence[tuple[_Language, float]]) -> Lexicon:
    weights: dict[str, dict[Phrase, float]] = {table: {} for table in (*ACTS, *ENDS)}
    for language, share in sources:
        for table, merged in weights.items():
            for phrase, weight in language.weights[table].items():
                merged[phrase] = max(weight * share, merged.get(phrase, 0.0))
    for phrase, weight in weights["correction"].items():
        weights["floor"][phrase] = max(weight, weights["floor"].get(phrase, 0.0))
    phrases = {phrase for act in ACTS for phrase in weights[act]}
    acts = {
        phrase: Act(**{act: weights[act].get(phrase, 0.0) for act in ACTS}) for phrase in phrases
    }
    reach: dict[str, int] = {}
    for phrase in phrases:
        reach[phrase[0]] = max(len(phrase), reach.get(phrase[0], 0))
    numbers: dict[Phrase, str] = {}
    cues: dict[Phrase, Dictation] = {}
    for language, _ in reversed(sources):
        numbers.update(language.numbers)
        cues.update(language.cues)
    listed = (phrases, *(weights[end] for end in ENDS), numbers, cues)
    known = {word for table in listed for phrase in table for word in phrase}
    return Lexicon(
        acts=MappingProxyType(acts),
        reach=MappingProxyType(reach),
        open=MappingProxyType(weights["open"]),
        start=MappingProxyType(weights["start"]),
        question=MappingProxyType(weights["question"]),
        answer=MappingProxyType(weights["answer"]),
        closed=MappingProxyType(weights["closed"]),
        numbers=MappingProxyType(numbers),
        cues=MappingProxyType(cues),
        known=frozenset(known),
    )


def _forms(text: str) -> tuple[Phrase, ...]:
    phrase = tuple(tokenise(text))
    return tuple(dict.fromkeys((phrase, tuple(map(fold, phrase)))))
