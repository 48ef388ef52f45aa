"""Known words, laid on the sound in which they are said.

What each frame sounds like comes from the ear, and which sounds must come from the text; between
words there may be pauses. The sounds of the text need not be those that the ear tells apart, nor
those that were said: one counts for another the more, the nearer they are for the mouth, so that a
text can be laid on an accent or a language that was not foreseen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.accents import SaidWord
from talkover.trainer.data.aligning.features import distances
from talkover.trainer.data.aligning.network import Ear
from talkover.trainer.data.aligning.path import best_path
from talkover.trainer.data.aligning.spectrum import STEP_SAMPLES
from talkover.trainer.data.timing import TimedPhone, TimedWord

LONGEST: Final = 120
"""Seconds of sound that are aligned at a time."""
_STRICT: Final = 20.0
"""By how much a sound counts less, the farther it is: exp(-20 distance)."""
_FLOOR: Final = 1e-5
_LEAST: Final = 3
"""Frames that a sound lasts at least, where there is time for it."""
_NEVER: Final = np.float32(-np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Words and their sounds with times.

    Attributes:
        words: With times in samples of the sound; what was not heard lasts for no time.
        words_sure: Of each word, how well what is heard there fits: 0 to 1.
        phones_sure: The same for each of its sounds.
        fit: The mean log-likelihood of a frame, against the likeliest sound: 0 at best.
    """

    words: tuple[TimedWord, ...]
    words_sure: tuple[float, ...]
    phones_sure: tuple[tuple[float, ...], ...]
    fit: float


@dataclass(frozen=True, slots=True, eq=False)
class _States:
    """A row of sounds and pauses.

    Attributes:
        symbols: Empty for a pause.
        passing: What it costs to leave it out.
        places: Of each sound of each word, the first of its states.
        least: How many of them a sound has.
    """

    symbols: list[str]
    passing: NDArray[np.float32]
    places: list[list[int]]
    least: int


class Aligner:
    """Lays words on sounds.

    Args:
        ear: That hears.
    """

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._alike: dict[str, NDArray[np.float32]] = {}

    def align(self, pcm: NDArray[np.float32], words: Sequence[SaidWord]) -> Alignment:
        """Find when words are said.

        Args:
            pcm: float32 [n] at 16 kHz.
            words: All that are said in it, in order, with the sounds they should have.

        Raises:
            DataError: the sound is too long, or too short for the words.
        """
        if len(pcm) > LONGEST * RATE:
            raise DataError(f"{len(pcm) / RATE:.0f} s at once; cut it ({LONGEST} s at most)")
        return self.lay(self.hear(pcm), words)

    def hear(self, pcm: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the ear makes of a sound: log-probabilities [n // 160, symbols]."""
        return self._ear.hear(pcm)

    def scores(self, heard: NDArray[np.float32], symbols: Sequence[str]) -> NDArray[np.float32]:
        """Log-likelihood of each frame of what was heard for each symbol ("" is a pause).

        Returns:
            float32 [frames, len(symbols)].
        """
        different = list(dict.fromkeys(symbols))
        alike = np.stack([self._like(symbol) for symbol in different], axis=1)
        found = np.log(np.exp(heard) @ alike + _FLOOR)
        return np.ascontiguousarray(found[:, [different.index(symbol) for symbol in symbols]])

    def lay(self, heard: NDArray[np.float32], words: Sequence[SaidWord]) -> Alignment:
        """``align`` for what was heard: see ``hear``."""
        sounds = sum(len(word.phones) for word in words)
        states = _states(words, min(_LEAST, max(len(heard) // max(sounds, 1), 1)))
        scores = self.scores(heard, states.symbols)
        best = scores.max(axis=1, initial=-np.inf)
        taken = best_path(scores, states.passing)
        edges = np.searchsorted(taken, np.arange(len(states.symbols) + 1))
        frames = np.arange(len(taken))
        close = np.exp(scores[frames, taken] - self._most(heard))
        fit = float((scores[frames, taken] - best).mean())
        return _told(words, states, edges, close, fit)

    def _most(self, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """The score of the likeliest of all sounds, by frame."""
        most: NDArray[np.float32] = self.scores(heard, self._ear.symbols).max(axis=1)
        return most

    def _like(self, symbol: str) -> NDArray[np.float32]:
        """How much each of the ear's symbols counts for a sound; silence for silence alone."""
        if symbol not in self._alike:
            like = np.zeros(len(self._ear.symbols), np.float32)
            if symbol:
                like[1:] = np.exp(-_STRICT * distances([symbol], self._ear.symbols[1:])[0])
            else:
                like[0] = 1.0
            self._alike[symbol] = like
        return self._alike[symbol]


def _states(words: Sequence[SaidWord], least: int) -> _States:
    symbols, passing = [""], [np.float32(0.0)]
    places: list[list[int]] = []
    for word in words:
        mine = [phone.symbol for phone in word.phones for _ in range(least)]
        places.append(list(range(len(symbols), len(symbols) + len(mine), least)))
        if not mine:
            continue  # two pauses in a row could not both be left out
        symbols += [*mine, ""]
        passing += [_NEVER] * len(mine) + [np.float32(0.0)]
    return _States(symbols, np.array(passing, np.float32), places, least)


def _told(
    words: Sequence[SaidWord],
    states: _States,
    edges: NDArray[np.int64],
    close: NDArray[np.float32],
    fit: float,
) -> Alignment:
    timed: list[TimedWord] = []
    sure: list[float] = []
    sounds_sure: list[tuple[float, ...]] = []
    for word, places in zip(words, states.places, strict=True):
        spans = [(int(edges[place]), int(edges[place + states.least])) for place in places]
        phones = tuple(
            TimedPhone(phone.symbol, begin * STEP_SAMPLES, end * STEP_SAMPLES)
            for phone, (begin, end) in zip(word.phones, spans, strict=True)
        )
        before = timed[-1].end if timed else 0
        start, end = (phones[0].start, phones[-1].end) if phones else (before, before)
        timed.append(TimedWord(word.text, start, end, phones))
        sounds_sure.append(tuple(_mean(close[begin:end]) for begin, end in spans))
        sure.append(_mean(close[spans[0][0] : spans[-1][1]]) if spans else 0.0)
    return Alignment(tuple(timed), tuple(sure), tuple(sounds_sure), fit)


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean()) if len(values) else 0.0
