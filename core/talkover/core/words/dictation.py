"""Values that people dictate in pieces: numbers, dates, spellings, addresses.

Whoever reads out a telephone number pauses between its groups, and each pause sounds like an end.
What has been asked for, or announced ("my number is"), and how many digits there are by now, tell
better.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from talkover.core.words.lexicon import Dictation, Lexicon

_UNANNOUNCED: Final = Dictation("code", least=7, full=10)
"""Digits in groups that nobody asked for are most often a telephone number."""
_GROUPS: Final = 3
_LONG: Final = 5
"""Digits that are dictated, not meant as an amount, though nothing announces them."""
_LETTERS: Final = 2
"""Single letters in a row that are a spelling."""
_STREET_WORDS: Final = 3
_DOMAIN: Final = re.compile(
    r"(?:\.|\s(?:dot|punto|point|punkt|डॉट|点|點)\s*)\w{2,}\W*$", re.IGNORECASE
)
_LONGEST_CUE: Final = 6
_COPULAS: Final = frozenset(
    ("is", "it's", "es", "est", "c'", "ist", "lautet", "है", "hai", "是", "shi",
     "the", "el", "le", "die", "der", "to", "number")
)  # fmt: skip
"""Between a cue and the value."""


@dataclass(frozen=True, slots=True)
class Dictated:
    """A value at the end of a text.

    Attributes:
        kind: One of ``lexicon.KINDS``.
        done: How complete it is, 0 to 1.
    """

    kind: str
    done: float


@dataclass(frozen=True, slots=True)
class _Value:
    """What a stretch of words spells out.

    Attributes:
        digits: How many.
        groups: Words or figures that they came in; "twenty five" is one.
        letters: Single ones.
        plain: Single letters that are no function words ("a", Spanish "y").
        scaled: It is an amount ("five hundred").
        pending: It ends in a word that goes before more digits ("double").
        exemplified: It ends in the word between a letter and its example ("B as in").
    """

    digits: int = 0
    groups: int = 0
    letters: int = 0
    plain: int = 0
    scaled: bool = False
    pending: bool = False
    exemplified: bool = False


def dictated(
    text: str, words: Sequence[str], context: Sequence[str], listed: Lexicon
) -> Dictated | None:
    """The value that a text ends in the middle of, or just after; None if it ends otherwise.

    Args:
        text: As recognised.
        words: The same, as words that the lexicon spells.
        context: The agent's last words, as words.
        listed: Of the languages spoken.
    """
    announced, after = _cue(words, listed)
    asked = announced or _cue(context, listed)[0]
    said = words[after:]
    if announced and not said:
        return Dictated(announced.kind, 0.05)
    if asked and asked.kind == "email":
        return _email(text, said, announced is not None)
    if asked and asked.kind == "address":
        return _address(said, announced is not None, listed)
    tail = said[_value_starts(said, listed) :]
    value = _read(tail, listed)
    if _spells(value, asked):
        return _spelling(value, asked)
    if not value.digits or (not announced and asked and len(said) - len(tail) > value.digits + 1):
        return None
    if asked is None or asked.kind == "spelling":
        if value.scaled or not (value.groups >= _GROUPS or value.digits >= _LONG):
            return None
        asked = _UNANNOUNCED
    return Dictated(asked.kind, _progress(value.digits, value.pending, asked))


def _cue(words: Sequence[str], listed: Lexicon) -> tuple[Dictation | None, int]:
    """The last cue, the longer one of two that end together, and the place after it.

    A copula behind the cue is a part of it: "my account number, it is".
    """
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - _LONGEST_CUE), end):
            if found := listed.cues.get(tuple(words[start:end])):
                after = (word not in _COPULAS for word in words[end:])
                return found, next((end + n for n, stop in enumerate(after) if stop), len(words))
    return None, 0


def _value_starts(words: Sequence[str], listed: Lexicon) -> int:
    """Where the digits, letters and what joins them begin that the words end in."""
    place = len(words)
    while place:
        for size in range(min(_LONGEST_CUE, place), 0, -1):
            if _piece(tuple(words[place - size : place]), listed):
                place -= size
                break
        else:
            break
    return place


def _piece(phrase: tuple[str, ...], listed: Lexicon) -> str:
    """What a phrase is within a value: one of ``DIGITS``, "written", "letter", "pause" or ""."""
    if len(phrase) == 1:
        word = phrase[0]
        if word[0].isdigit():
            return "written"
        if len(word) == 1 and word.isascii() and phrase not in listed.numbers:
            return "letter"
    if kind := listed.numbers.get(phrase):
        return kind
    act = listed.acts.get(phrase)
    return "pause" if act and act.hesitation >= 1.0 else ""


def _read(words: Sequence[str], listed: Lexicon) -> _Value:
    digits = groups = letters = plain = more = 0
    scaled = tens = False
    last = ""
    place = 0
    while place < len(words):
        for size in range(min(_LONGEST_CUE, len(words) - place), 0, -1):
            last = _piece(phrase := tuple(words[place : place + size]), listed)
            if last:
                break
        place += size
        match last:
            case "written" | "1" | "2" | "tens":
                count = _digits(phrase[0]) if last == "written" else 1 + (last in ("2", "tens"))
                joined = tens and last == "1"
                digits += 0 if joined else count * (1 + more)
                groups += not joined
                tens, more = last == "tens", 0
            case "double" | "triple":
                more = 1 if last == "double" else 2
            case "letter":
                letters += 1
                plain += phrase not in listed.open
            case "scale":
                scaled = True
    pending = last in ("join", "as", "pause", "double", "triple")
    return _Value(digits, groups, letters, plain, scaled, pending, last == "as")


def _digits(word: str) -> int:
    return sum(char.isdigit() for char in word)


def _progress(count: int, pending: bool, wanted: Dictation) -> float:
    """Low until the least is there; from 0.4 to 0.9 on the way to the full length."""
    if pending or count < wanted.least:
        return 0.05 + 0.15 * min(1.0, count / wanted.least)
    if count >= wanted.full:
        return 0.92
    return 0.4 + 0.45 * (count - wanted.least) / (wanted.full - wanted.least)


def _spells(value: _Value, asked: Dictation | None) -> bool:
    if asked and asked.kind == "spelling":
        return value.letters > 0
    return value.plain > 0 and (value.letters >= _LETTERS or value.exemplified)


def _spelling(value: _Value, asked: Dictation | None) -> Dictated:
    wanted = asked if asked and asked.kind == "spelling" else Dictation("spelling", 3, 9)
    return Dictated("spelling", _progress(value.letters, value.pending, wanted))


def _email(text: str, said: Sequence[str], announced: bool) -> Dictated | None:
    if _DOMAIN.search(text):
        return Dictated("email", 0.92)
    at = "@" in text or any(word in _AT for word in said)
    return Dictated("email", 0.2) if announced or at else None


_AT: Final = frozenset(("at", "arroba", "arobase", "ät", "ऐट"))


def _address(said: Sequence[str], announced: bool, listed: Lexicon) -> Dictated | None:
    numbered = any(word[0].isdigit() or (word,) in listed.numbers for word in said)
    sentence = bool(said) and (said[0],) in listed.open  # "the address on my account"
    if not numbered and (not announced or sentence):
        return None
    if numbered and len(said) >= _STREET_WORDS:
        return Dictated("address", 0.85 if len(said) > _STREET_WORDS else 0.6)
    return Dictated("address", 0.25)
