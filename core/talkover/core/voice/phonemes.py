"""Phonemes of a text, with the span of them that belongs to each written word.

The phonemiser (eSpeak NG, through Piper's binding) is given whole clauses, because words sound
different in company ("the end", "in the"); it may run words together, and does not say which
phonemes are whose. So each word is phonemised alone, too, and the two sequences are aligned.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from piper import espeakbridge
from piper.phonemize_espeak import ESPEAK_DATA_DIR

from talkover.core.errors import BundleError
from talkover.core.voice.text import Token

MAX_PHONEMES: Final = 400
"""In one pass of the voice: its attention costs the square of them."""

_LANGUAGE_SWITCH: Final = re.compile(r"\([^)]*\)")
_LEADS: Final = "ˈˌ"
"""Marks that belong to the phoneme after them; other marks belong to the one before."""
_VOWELS: Final = frozenset("aeiouyæøœɐɑɒɔəɚɛɜɝɪʊʌᵻɨʉɯɤɵɘɞ")  # noqa: RUF001 - IPA
_BAND: Final = 16
_DIGIT: Final = 6  # letters that a digit stands for, when it is said

_lock = threading.Lock()
_ready = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """What the voice says in one breath.

    Attributes:
        phonemes: Code points of IPA and punctuation.
        words: For each of its tokens ``(start, end)`` in ``phonemes``; equal for one without a
            sound. In order, not overlapping.
        stop: The punctuation it ends with, or empty.
    """

    phonemes: str
    words: tuple[tuple[int, int], ...]
    stop: str


def phrases(tokens: Sequence[Token], language: str) -> Iterator[Phrase]:
    """Phonemise a text, a sentence (or as much of it as the voice can take) at a time.

    Every token is in exactly one phrase, in order.
    """
    phonemes, words, stop = "", list[tuple[int, int]](), ""
    for clause in _clauses(tokens):
        said, spans = _clause(clause, language)
        ended = stop and stop in ".?!"
        if phonemes and (ended or len(phonemes) + len(said) > MAX_PHONEMES):
            yield Phrase(phonemes, tuple(words), stop)
            phonemes, words = "", []
        elif phonemes:
            phonemes += " "
        offset = len(phonemes)
        words += [(offset + start, offset + end) for start, end in spans]
        stop = clause[-1].stop
        phonemes += said + (stop if said else "")
    if words:
        yield Phrase(phonemes, tuple(words), stop)


def _clauses(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Cut at every stop, and where a clause without one grows too long."""
    start = letters = 0
    for index, token in enumerate(tokens):
        letters += sum(_DIGIT if char.isdigit() else 1 for char in token.spoken)
        if token.stop or letters > MAX_PHONEMES // 4 or index == len(tokens) - 1:
            yield tokens[start : index + 1]
            start, letters = index + 1, 0


def _clause(tokens: Sequence[Token], language: str) -> tuple[str, list[tuple[int, int]]]:
    """A clause's phonemes and the span of each token in them."""
    spoken = [token.spoken for token in tokens]
    said = _phonemise(" ".join(filter(None, spoken)), language)[:MAX_PHONEMES]
    alone = [_alone(word, language) if word else "" for word in spoken]
    return said, spans(said, alone)


@lru_cache(maxsize=4096)
def _alone(word: str, language: str) -> str:
    return _phonemise(word, language)[:MAX_PHONEMES]


def _phonemise(text: str, language: str) -> str:
    """IPA as NFD code points, spaces between words.

    Full stops are dropped (they are those of "U.S."), pauses inside stay.

    Raises:
        BundleError: the phonemiser has no such language.
    """
    if not text:
        return ""
    global _ready  # noqa: PLW0603 - eSpeak NG is one per process by its nature
    with _lock:
        if not _ready:
            espeakbridge.initialize(str(ESPEAK_DATA_DIR))
            _ready = True
        try:
            espeakbridge.set_voice(language)
        except RuntimeError:
            raise BundleError(f"the phonemiser has no voice {language!r}") from None
        parts = espeakbridge.get_phonemes(text)
    joined = " ".join(
        _LANGUAGE_SWITCH.sub("", said) + (mark if mark and mark in ",;:" else "")
        for said, mark, _ in parts
    )
    return " ".join(unicodedata.normalize("NFD", joined).split())


def spans(said: str, alone: Sequence[str]) -> list[tuple[int, int]]:
    """Find each word in a clause.

    Method: banded edit distance between the clause and the words one after another, where a
    word's start likes to meet a space.

    Args:
        said: Phonemes of a clause.
        alone: Phonemes of each of its words by itself; empty for one without a sound.

    Returns:
        ``(start, end)`` in ``said`` for each word, in order and not overlapping. A word without a
        sound, or lost in company, is empty and stands where it would be.
    """
    places = [place for place, char in enumerate(said) if _is_phoneme(char)]
    starts = {place for place in places if place == 0 or _after_space(said, place)}
    owners = [index for index, word in enumerate(alone) for char in word if _is_phoneme(char)]
    symbols = [char for word in alone for char in word if _is_phoneme(char)]
    opens = [i == 0 or owners[i] != owners[i - 1] for i in range(len(owners))]
    pairs = _align(
        symbols, opens, [said[place] for place in places], [place in starts for place in places]
    )
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, symbol in zip(places, pairs, strict=True):
        owner = owners[symbol]
        first.setdefault(owner, place)
        last[owner] = place
    found: list[tuple[int, int]] = []
    end = 0
    for index in range(len(alone)):
        if index in first:
            begin = _with_marks_before(said, first[index], end)
            end = _with_marks_behind(said, last[index])
            found.append((begin, end))
        else:
            found.append((end, end))
    return found


def _is_phoneme(char: str) -> bool:
    return unicodedata.category(char) in ("Ll", "Lo", "Lu")


def _after_space(said: str, place: int) -> bool:
    while place and said[place - 1] in _LEADS:
        place -= 1
    return place == 0 or said[place - 1] == " "


def _with_marks_before(said: str, place: int, bound: int) -> int:
    while place > bound and said[place - 1] in _LEADS:
        place -= 1
    return place


def _with_marks_behind(said: str, place: int) -> int:
    place += 1
    while place < len(said) and said[place] not in _LEADS + " ,;:" and not _is_phoneme(said[place]):
        place += 1
    return place


def _align(
    words: Sequence[str], opens: Sequence[bool], said: Sequence[str], spaced: Sequence[bool]
) -> list[int]:
    """For each symbol of ``said`` the index in ``words`` it belongs to; never decreasing."""
    rows, columns = len(words), len(said)
    if not rows or not columns:
        return []
    band = abs(rows - columns) + _BAND
    far = float("inf")
    cost = [[far] * (columns + 1) for _ in range(rows + 1)]
    move = [[0] * (columns + 1) for _ in range(rows + 1)]
    cost[0][0] = 0.0
    for row in range(rows + 1):
        for column in _near(row, rows, columns, band):
            options: list[tuple[float, int]] = []
            if row and column:
                swap = _swap(words[row - 1], said[column - 1])
                if opens[row - 1] != spaced[column - 1]:
                    swap += 0.3
                options.append((cost[row - 1][column - 1] + swap, 0))
            if row:
                options.append((cost[row - 1][column] + 1.0, 1))
            if column and row:
                added = 1.5 if spaced[column - 1] else 1.0
                options.append((cost[row][column - 1] + added, 2))
            elif column:
                options.append((cost[row][column - 1] + 1.0, 2))
            if options:
                cost[row][column], move[row][column] = min(options)
    return _trace(move, rows, columns)


def _trace(move: Sequence[Sequence[int]], rows: int, columns: int) -> list[int]:
    owners = [0] * columns
    row, column = rows, columns
    while column:
        step = move[row][column] if row else 2
        if step != 1:
            owners[column - 1] = max(row - 1, 0)
            column -= 1
        if step != 2:
            row -= 1
    return owners


def _near(row: int, rows: int, columns: int, band: int) -> Iterable[int]:
    middle = row * columns // rows
    return range(max(0, middle - band), min(columns, middle + band) + 1)


def _swap(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.6 if one in _VOWELS and other in _VOWELS else 1.2
