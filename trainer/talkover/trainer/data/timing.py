"""When each sound of a made utterance is heard, from what its engine tells. Pure.

An engine says nearly what it was given: it adds an r between two vowels, or makes one sound of two.
So its sounds are laid beside ours with as few mismatches as possible (Needleman and Wunsch 1970),
and what it added belongs to the sound before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.rules import Phone

_SAME: Final = 0.0
_ALIKE: Final = 0.4  # both vowels, or both consonants
_OTHER: Final = 1.5
_ALONE: Final = 1.0


@dataclass(frozen=True, slots=True)
class TimedPhone:
    """A sound and where it is heard (samples)."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word, where it is heard (samples), its sounds, and its language (ISO 639-1).

    A text of several words is a stretch of speech inside which nobody knows more; it has no sounds.
    """

    text: str
    start: int
    end: int
    phones: tuple[TimedPhone, ...]
    language: str = "en"

    def later(self, by: int) -> Self:
        """The same word, heard some samples later."""
        phones = tuple(replace(p, start=p.start + by, end=p.end + by) for p in self.phones)
        return replace(self, start=self.start + by, end=self.end + by, phones=phones)


def time_words(
    words: Sequence[SaidWord], heard: Sequence[tuple[int, str]], total: int
) -> list[TimedWord]:
    """Give words the times at which an engine said them.

    Args:
        words: What it was given.
        heard: The samples at which its sounds begin, and which; empty ones are pauses.
        total: Samples in all.

    Returns:
        One for each word; what was not said at all lasts for no time.
    """
    spans = _spans(heard, total)
    phones = [phone for word in words for phone in word.phones]
    places = _laid_beside(phones, [name for _, _, name in spans])
    timed: list[TimedPhone] = []
    for number, (phone, place) in enumerate(zip(phones, places, strict=True)):
        if place is None:
            at = timed[-1].end if timed else (spans[0][0] if spans else 0)
            timed.append(TimedPhone(phone.symbol, at, at))
            continue
        following = next((p for p in places[number + 1 :] if p is not None), len(spans))
        until = max((spans[p][1] for p in range(place, following)), default=spans[place][1])
        timed.append(TimedPhone(phone.symbol, spans[place][0], until))
    return _words(words, timed)


def _spans(heard: Sequence[tuple[int, str]], total: int) -> list[tuple[int, int, str]]:
    """Begin, end and name of each sound, without the pauses."""
    begins = [begin for begin, _ in heard] + [total]
    return [(begin, begins[place + 1], name) for place, (begin, name) in enumerate(heard) if name]


def _words(words: Sequence[SaidWord], timed: Sequence[TimedPhone]) -> list[TimedWord]:
    found: list[TimedWord] = []
    place = 0
    for word in words:
        mine = tuple(timed[place : place + len(word.phones)])
        place += len(word.phones)
        start = mine[0].start if mine else (found[-1].end if found else 0)
        found.append(TimedWord(word.text, start, mine[-1].end if mine else start, mine))
    return found


def _laid_beside(phones: Sequence[Phone], names: Sequence[str]) -> list[int | None]:
    """For each phone the engine's sound that it is, if there is one."""
    rows, columns = len(phones) + 1, len(names) + 1
    cost = [[(r + c) * _ALONE for c in range(columns)] for r in range(rows)]
    for r in range(1, rows):
        for c in range(1, columns):
            cost[r][c] = min(
                cost[r - 1][c - 1] + _apart(phones[r - 1], names[c - 1]),
                cost[r - 1][c] + _ALONE,
                cost[r][c - 1] + _ALONE,
            )
    places: list[int | None] = [None] * len(phones)
    r, c = rows - 1, columns - 1
    while r and c:
        if cost[r][c] == cost[r - 1][c - 1] + _apart(phones[r - 1], names[c - 1]):
            r, c = r - 1, c - 1
            places[r] = c
        elif cost[r][c] == cost[r - 1][c] + _ALONE:
            r -= 1
        else:
            c -= 1
    return places


def _apart(phone: Phone, name: str) -> float:
    if phone.symbol[:1] == name[:1]:
        return _SAME
    return _ALIKE if phone.vowel == Phone(name).vowel else _OTHER
