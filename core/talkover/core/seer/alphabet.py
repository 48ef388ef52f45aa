"""From what a text recognizer says of each column of a line, to words (pure).

The recognizer was trained with connectionist temporal classification (Graves et al. 2006): of each
column it gives the likelihood of every letter and of none; the same letter in neighbouring columns
is one letter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

NONE = 0
"""The class that is no letter; those of the alphabet follow it, and after them the space."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a line.

    Attributes:
        text: Without spaces.
        begin: Where it begins, as a share of the columns.
        end: Where it ends; after ``begin``.
        confidence: Mean likelihood of its letters.
    """

    text: str
    begin: float
    end: float
    confidence: float


def read_alphabet(stored: str) -> tuple[str, ...]:
    """What the recognizer's classes mean, from the list of letters that comes with its graph."""
    return ("", *stored.split("\n"), " ")


def to_pieces(likelihoods: NDArray[np.float32], alphabet: Sequence[str]) -> list[Piece]:
    """The words of a line, the likeliest letter of each column taken.

    Args:
        likelihoods: float32 [columns, classes].
        alphabet: What each class means.
    """
    best = likelihoods.argmax(axis=1)
    columns = len(best)
    letters = list(_letters(best, likelihoods.max(axis=1)))
    pieces = []
    for is_space, group in groupby(letters, lambda letter: alphabet[letter.what].isspace()):
        if not is_space:
            word = list(group)
            text = "".join(alphabet[letter.what] for letter in word)
            sure = float(np.mean([letter.likelihood for letter in word]))
            pieces.append(Piece(text, word[0].begin / columns, word[-1].end / columns, sure))
    return pieces


@dataclass(frozen=True, slots=True)
class _Letter:
    what: int
    begin: int
    end: int
    likelihood: float


def _letters(best: NDArray[np.int64], likelihood: NDArray[np.float32]) -> Iterator[_Letter]:
    """Runs of columns that agree on a letter."""
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    for begin, end in pairwise(edges):
        if best[begin] != NONE:
            yield _Letter(int(best[begin]), begin, end, float(likelihood[begin:end].max()))
