"""Sounds of words in the accent-neutral form, as numbers, and how far they are from one another.

Both sides of a reward are read by the same reader, whoever spoke: so an accent is no error, and a
word written otherwise that sounds the same is none either.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.trainer.data.aligning.features import distances
from talkover.trainer.data.aligning.phonemes import read_all
from talkover.trainer.data.switching.tokens import Token
from talkover.trainer.reward.distance import Row
from talkover.trainer.reward.languages import NONE

_MOST: Final = 200_000
"""Words that are remembered."""
_STRANGE: Final = 0xE000
"""Unicode's first character that is nobody's: from here on, letters that cannot be read."""
_KINDS: Final = 64
"""Of these."""


class Sounds:
    """Knows what words sound like; what it does not know, it asks eSpeak NG once.

    Sounds are kept for good: eSpeak has no more than it has.

    Args:
        far: From where on two sounds have nothing in common (``RewardPolicy``).
    """

    def __init__(self, far: float) -> None:
        self._far = far
        self._words: dict[Token, tuple[int, ...]] = {}
        self._symbols: dict[str, int] = {}
        self._table: NDArray[np.float64] = np.zeros((0, 0))

    @property
    def table(self) -> NDArray[np.float64]:
        """How far each sound is from each, 0 to 1: [known, known]."""
        return self._table

    @property
    def symbols(self) -> tuple[str, ...]:
        """What each number of a row stands for, in IPA: [known]."""
        return tuple(self._symbols)

    def learn(self, words: Iterable[Token]) -> None:
        """See that all of these are known, with a question for each language at most.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        wanted = dict.fromkeys(words)
        if len(self._words) + len(wanted) > _MOST:
            self._words.clear()
        unknown = [word for word in wanted if word not in self._words]
        for language in dict.fromkeys(word.language for word in unknown):
            some = [word for word in unknown if word.language == language]
            read = [_strange(word.text) for word in some] if language == NONE else _read(some)
            self._keep(some, read)

    def row(self, words: Sequence[Token]) -> Row:
        """Sounds of words one after another; all of them have to be learnt."""
        return np.array([number for word in words for number in self._words[word]], np.intp)

    def _keep(self, words: Sequence[Token], read: Sequence[Sequence[str]]) -> None:
        fresh = [symbol for symbol in dict.fromkeys(chain(*read)) if symbol not in self._symbols]
        before = list(self._symbols)
        self._symbols.update({symbol: len(before) + place for place, symbol in enumerate(fresh)})
        grown = np.zeros((len(self._symbols), len(self._symbols)))
        grown[: len(before), : len(before)] = self._table
        grown[len(before) :] = np.minimum(distances(fresh, [*before, *fresh]) / self._far, 1.0)
        grown[: len(before), len(before) :] = grown[len(before) :, : len(before)].T
        self._table = grown
        for word, symbols in zip(words, read, strict=True):
            self._words[word] = tuple(self._symbols[symbol] for symbol in symbols)


def _read(words: Sequence[Token]) -> list[Sequence[str]]:
    read = read_all([word.text for word in words], words[0].language)
    sounds = (tuple(chain(*some)) for some in read)
    # A word that cannot be read is not free: it is as many wrong sounds as it has letters.
    return [some or _strange(word.text) for some, word in zip(sounds, words, strict=True)]


def _strange(text: str) -> tuple[str, ...]:
    """Sounds that are none: as far as can be from all others."""
    return tuple(chr(_STRANGE + ord(letter) % _KINDS) for letter in text)
