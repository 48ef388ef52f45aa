"""Which language each word of a transcript is in, and how far that is from what was said. Pure.

Whoever goes from one language to the other where the speaker did loses nothing. A word that could
be of several languages is of that in which it was said, so that only what is surely wrong counts:
"no" for "no" is never a switch, whatever its lists say.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from talkover.trainer.data.switching.tokens import Token
from talkover.trainer.reward.lexicon import languages_of

NONE: Final = ""
"""The language of a word in a script of none of ours."""
_ALONE: Final = 0.75
"""A word without a partner; the worst pair costs 1, less than two of them."""


def tag(words: Sequence[str], said: Sequence[Token]) -> tuple[list[Token], list[int | None]]:
    """Find the language of each word.

    Args:
        words: Of a transcript, as ``words_in`` has them.
        said: The reference.

    Returns:
        The words with their languages, and for each its place in the reference, if it has one.
    """
    spoken = tuple(dict.fromkeys(token.language for token in said))
    if len(spoken) == 1 and all(spoken[0] in languages_of(word) for word in words):
        return [Token(word, spoken[0]) for word in words], [None] * len(words)
    places = align([token.text for token in said], words)
    found: list[Token] = []
    for word, place in zip(words, places, strict=True):
        partner = None if place is None else said[place]
        before = (found[-1].language,) if found else ()
        wanted = (*((partner.language,) if partner else ()), *before, *spoken)
        if partner and partner.text == word:
            found.append(partner)
        else:
            found.append(Token(word, _chosen(languages_of(word), wanted)))
    return found, places


def switches(tokens: Sequence[Token]) -> int:
    """How often one language follows another."""
    return sum(one.language != other.language for one, other in pairwise(tokens))


def misplaced(tokens: Sequence[Token], places: Sequence[int | None], said: Sequence[Token]) -> int:
    """Words in another language than the word of the reference in their place."""
    return sum(
        place is not None and token.language != said[place].language
        for token, place in zip(tokens, places, strict=True)
    )


def align(said: Sequence[str], heard: Sequence[str]) -> list[int | None]:
    """Lay words beside those of a reference, the more alike the rather.

    Needleman and Wunsch (1970), with the share of letters that differ as the distance.

    Returns:
        For each of ``heard`` the place in ``said`` of its partner, if it has one.
    """
    places: list[int | None] = [None] * len(heard)
    if not said or not heard:
        return places
    apart = cdist(said, heard, scorer=Levenshtein.normalized_distance, dtype=np.float64)
    steps = _steps(apart.tolist())
    r, c = len(said), len(heard)
    while r and c:
        down, right = steps[r - 1][c - 1]
        r, c = r - down, c - right
        if down and right:
            places[c] = r
    return places


def _steps(apart: Sequence[Sequence[float]]) -> list[list[tuple[int, int]]]:
    """For each pair of places, the step that leads there on the cheapest way."""
    row = [place * _ALONE for place in range(len(apart[0]) + 1)]
    steps: list[list[tuple[int, int]]] = []
    for costs in apart:
        left = row[0] + _ALONE
        following, taken = [left], []
        for corner, above, cost in zip(row, row[1:], costs, strict=False):
            both, down, right = corner + cost, above + _ALONE, left + _ALONE
            if both <= down and both <= right:
                left, step = both, (1, 1)
            elif down <= right:
                left, step = down, (1, 0)
            else:
                left, step = right, (0, 1)
            following.append(left)
            taken.append(step)
        row = following
        steps.append(taken)
    return steps


def _chosen(possible: Sequence[str], wanted: Sequence[str]) -> str:
    """The first wanted language that is possible, else the likeliest."""
    return next((one for one in wanted if one in possible), possible[0] if possible else NONE)
