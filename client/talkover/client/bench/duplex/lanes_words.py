"""The agent's words on the recording's time axis: announced, put off, said again, heard.

The server announces words with the times at which they will sound. It may take that back: it stops,
and perhaps goes on later and announces the rest anew. Announcements arrive in order, so a word that
begins before its predecessor does replaces all that was announced for that time and later.
"""

from collections.abc import Sequence
from typing import Final

import jiwer

from talkover.client.bench.measure import Span

Announced = tuple[str, float, float]
"""A word, and when it begins and ends (seconds in the recording)."""

_BACK: Final = 0.05  # seconds: a word that begins this much earlier than the last replaces
_EARLY: Final = 0.15  # seconds: a sound may begin this much before its announced time
_LATE: Final = 1.0  # seconds: and this much after it
_SAME: Final = 3  # words that must agree to be the same text said again
_PART: Final = 0.15  # seconds of a word; more than its times are wrong by
_EDGE: Final = 0.15  # seconds: a word that ends so close to a stop may have been cut by it
_HEARD: Final = 0.5  # share of a word that makes it a heard word


def lasting(words: Sequence[Announced]) -> list[int]:
    """Indices of the announcements that no later one replaced, in order of time."""
    kept: list[int] = []
    for index, word in enumerate(words):
        if kept and word[1] < words[kept[-1]][1] - _BACK:
            while kept and words[kept[-1]][1] >= word[1] - _BACK:
                kept.pop()
        kept.append(index)
    return kept


def due(words: Sequence[Announced], silence: Span, *, slack: float = 0.1) -> list[Announced]:
    """Words that should have sounded in a silence: their middle lies in it, or a good part.

    Args:
        words: As announced.
        silence: Where the agent's lane is silent.
        slack: Seconds at both edges that count for nothing; word times are not exact.
    """
    first, last = silence.start + slack, silence.end - slack
    found = [words[i] for i in lasting(words)]
    return [
        word
        for word in found
        if first < (word[1] + word[2]) / 2 < last
        or min(word[2], silence.end) - max(word[1], silence.start) > _PART
    ]


def continuation(words: Sequence[Announced], stop: float, again: float) -> int | None:
    """Where a text that was cut at ``stop`` is continued by what sounds from ``again`` on.

    Args:
        words: As announced.
        stop: When the lane fell silent.
        again: When it sounds again.

    Returns:
        In words from the first one that nobody had heard: below 0, heard words are repeated; above
        0, words are missing. None when the text is another, or the announcements do not tell.
    """
    begins = [i for i in lasting(words) if again - _EARLY <= words[i][1] <= again + _LATE]
    if not begins:
        return None
    before = words[: begins[0]]
    old = [before[i] for i in lasting(before)]
    expected = sum(_sounded(word, stop) >= _HEARD for word in old)
    said = [plain(word[0]) for word in words[begins[0] : begins[0] + _SAME]]
    place = _find(said, [plain(word[0]) for word in old], expected)
    return None if place is None else place - expected


def heard(
    words: Sequence[Announced],
    begin: float,
    stop: float,
    silences: Sequence[Span],
    stops: Sequence[float] = (),
) -> list[Announced]:
    """The words of a reply that were played to at least half.

    Args:
        words: As announced.
        begin: When the reply began.
        stop: When the agent fell silent.
        silences: Where its lane is silent.
        stops: When the agent was stopped, by its server's account; it may have gone on so soon
            that its lane has no silence. What it was to say next, it said later, and a word that
            it was in the middle of, it said again.
    """
    said = _once(words, stops)
    return [
        word
        for word in said
        if begin - _EARLY <= word[1] < stop
        and _sounded(word, stop) >= _HEARD
        and not any(gap.start < (word[1] + word[2]) / 2 < gap.end for gap in silences)
    ]


def _once(words: Sequence[Announced], stops: Sequence[float]) -> list[Announced]:
    """Announcements in order of time, without those that a stop kept from being said."""
    kept: list[Announced] = []
    used = 0.0
    for word in words:
        if kept and word[1] < kept[-1][1] - _BACK:
            # Each stop changes the announcements once; without one, only the times were corrected.
            stop = max((moment for moment in stops if used < moment <= word[1]), default=word[1])
            used = max(used, stop)
            while kept and (kept[-1][1] >= word[1] - _BACK or _sounded(kept[-1], stop) < _HEARD):
                kept.pop()
            # One that was cut off in its second half may be said again, and counts once.
            if kept and kept[-1][2] > stop - _EDGE and plain(kept[-1][0]) == plain(word[0]):
                kept.pop()
        kept.append(word)
    return kept


def words_apart(reference: str, hypothesis: str) -> int:
    """Words to insert, delete or replace between two texts; case and punctuation do not count."""
    first = [p for p in map(plain, reference.split()) if p]
    second = [p for p in map(plain, hypothesis.split()) if p]
    if not first or not second:
        return len(first) + len(second)
    result = jiwer.process_words(" ".join(first), " ".join(second))
    return int(result.substitutions + result.deletions + result.insertions)


def plain(word: str) -> str:
    """A word's letters and digits, case folded."""
    return "".join(character for character in word.casefold() if character.isalnum())


def _sounded(word: Announced, stop: float) -> float:
    """The share of a word before ``stop``."""
    _, start, end = word
    return min(max((stop - start) / max(end - start, 1e-3), 0.0), 1.0)


def _find(said: Sequence[str], old: Sequence[str], near: int) -> int | None:
    """Where in ``old`` the text ``said`` begins, as close to ``near`` as possible.

    At the end of what was announced fewer words are left to compare, and those must do.
    """
    places = [
        place
        for place in range(len(old))
        if list(old[place : place + len(said)]) == list(said)
        or (place == near and list(old[place:]) == list(said[: len(old) - place]))
    ]
    return min(places, key=lambda place: abs(place - near), default=None)
