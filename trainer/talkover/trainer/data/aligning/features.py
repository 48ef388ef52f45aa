"""How far two sounds are apart for the mouth that makes them. Pure.

Articulatory features are panphon's, and so are their weights (Mortensen et al. 2016, PanPhon: A
Resource for Mapping IPA Segments to Articulatory Feature Vectors). A diphthong or an affricate
without a tie is compared as it moves along: "aɪ" begins as "a" does and ends elsewhere.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from panphon import FeatureTable
from rapidfuzz.distance import Levenshtein

Vectors = tuple[tuple[int, ...], ...]

_MARKS: Final = str.maketrans("", "", "ˈˌ.|_0123456789")
"""Stress, syllables and tones: no sounds of their own."""
_SPELT: Final = (
    *((":", "ː"), ("g", "ɡ"), ("ɚ", "ə˞"), ("ɝ", "ɜ˞"), ("ᵻ", "ɪ"), ("ʱ", "ʰ")),
    *((first + second, f"{first}\N{COMBINING DOUBLE INVERTED BREVE}{second}") for first, second in
      ("tʃ", "dʒ", "tɕ", "dʑ", "ts", "dz", "pf", "tʂ", "ʈʂ", "ɖʐ")),
)  # fmt: skip
"""What is written otherwise in panphon's table; an affricate has a tie there."""


def features_of(symbol: str) -> Vectors:
    """What the mouth does for a sound.

    Args:
        symbol: IPA, with or without length, stress, tie and tone.

    Returns:
        -1, 0 or 1 for each of ``feature_names``, once for a simple sound and one after another for
        a diphthong; empty when no part of it is known.
    """
    table, weights = _table()
    vectors = table.word_to_vector_list(plain(symbol), numeric=True)
    return tuple(tuple(int(value) for value in vector[: len(weights)]) for vector in vectors)


def feature_names() -> tuple[str, ...]:
    """Of panphon's features, those that have a weight (not tones)."""
    table, weights = _table()
    return tuple(table.names[: len(weights)])


def plain(symbol: str) -> str:
    """A sound as panphon writes it, without stress and tone."""
    found = unicodedata.normalize("NFD", symbol).translate(_MARKS)
    for ours, theirs in _SPELT:
        found = found.replace(ours, theirs)
    return found


@lru_cache(maxsize=100_000)
def phone_distance(first: str, second: str) -> float:
    """How far two sounds are apart: 0 for the same, up to 1.

    The sum of the weights of features that differ, by the sum of all of them; a feature that one
    of the sounds has not counts half. A sound that nobody knows is 1 from all others.

    Args:
        first: IPA.
        second: IPA.
    """
    if plain(first) == plain(second):
        return 0.0
    one, other = features_of(first), features_of(second)
    if not one or not other:
        return 1.0
    steps = max(len(one), len(other))
    apart = np.abs(_stretched(one, steps) - _stretched(other, steps)) / 2
    weights = _table()[1]
    return float((apart @ weights).mean() / weights.sum())


def distances(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """``phone_distance`` of each pair: [len(first), len(second)]."""
    found = [[phone_distance(one, other) for other in second] for one in first]
    return np.array(found, np.float64).reshape(len(first), len(second))


def edit_distance(
    reference: Sequence[str], heard: Sequence[str], *, weighted: bool = True
) -> float:
    """What it costs to make one row of sounds of another (Wagner and Fischer 1974).

    Args:
        reference: IPA, a sound each.
        heard: The same.
        weighted: A sound for another costs ``phone_distance``, not 1; one too many or too few
            costs 1 in any case.
    """
    if not weighted:
        pairs = [[plain(symbol) for symbol in row] for row in (reference, heard)]
        return float(Levenshtein.distance(*pairs))
    swaps = distances(reference, heard)
    places = np.arange(len(heard) + 1, dtype=np.float64)
    row = places
    for swap in swaps:
        row = np.minimum(row + 1.0, np.append(np.inf, row[:-1] + swap))
        # What is added within a row, for all places at once.
        row = np.minimum.accumulate(row - places) + places
    return float(row[-1])


def phoneme_error_rate(
    reference: Sequence[str], heard: Sequence[str], *, weighted: bool = True
) -> float:
    """``edit_distance`` by the sounds of the reference; it may be above 1.

    Of no sounds at all, each that was heard counts as a whole one.
    """
    return edit_distance(reference, heard, weighted=weighted) / max(len(reference), 1)


def inventory(symbols: Iterable[str]) -> list[str]:
    """Sounds that differ for the mouth, each once, in order: stress and tone make no other."""
    return sorted({plain(symbol) for symbol in symbols if features_of(symbol)})


def _stretched(vectors: Vectors, steps: int) -> NDArray[np.float64]:
    places = np.arange(steps) * len(vectors) // steps
    return np.array(vectors, np.float64)[places]


@cache
def _table() -> tuple[Any, NDArray[np.float64]]:
    """Panphon's table and weights, read once: that takes a second."""
    table = FeatureTable()
    return table, np.array(table.weights, np.float64)
