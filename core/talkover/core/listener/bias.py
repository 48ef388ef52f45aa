"""Words that are likelier than the model knows, because they are in view: pure.

Method: shallow fusion with a trie of the words' tokens (Zhao et al. 2019, Shallow-Fusion End-to-End
Contextual Biasing). A token that begins such a word, or goes on with one, gains a fixed weight in
log-probability. Nothing is taken back from a word that is left in the middle: a greedy search
cannot return to where it began.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_WORDS: Final = 64
"""Words that are favoured at once; of more, the first."""

_SHORTEST: Final = 4  # letters: shorter words are heard right without help, and are everywhere
_LONGEST: Final = 40
_ACRONYM: Final = 5


@dataclass(slots=True)
class _Node:
    children: dict[int, "_Node"] = field(default_factory=dict)


class Bias:
    """Favours some words while a text is written.

    Args:
        words: The tokens of each, as the model writes them in a text.
        weight: Natural logarithm of how many times likelier their tokens become.
    """

    def __init__(self, words: Iterable[Sequence[int]], weight: float) -> None:
        self._weight = np.float32(weight)
        self._root = _Node()
        self._depth = 0
        for word in words:
            node = self._root
            for token in word:
                node = node.children.setdefault(token, _Node())
            self._depth = max(self._depth, len(word))

    def favoured(self, tokens: Sequence[int]) -> set[int]:
        """Which tokens would begin such a word after ``tokens``, or go on with one."""
        found = set(self._root.children)
        for start in range(max(0, len(tokens) - self._depth + 1), len(tokens)):
            node: _Node | None = self._root
            for token in tokens[start:]:
                node = None if node is None else node.children.get(token)
            if node is not None:
                found |= node.children.keys()
        return found

    def weigh(self, log_probs: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
        """What a search chooses by, in place of log-probabilities [vocabulary] after ``tokens``."""
        scores = log_probs.copy()
        scores[list(self.favoured(tokens))] += self._weight
        return scores


class Favours:
    """Makes the bias of a request; the same words are not spelt twice in a row.

    Args:
        written: The tokens of a word, as the model writes it in a text.
    """

    def __init__(self, written: Callable[[str], Sequence[int]]) -> None:
        self._written = written
        self._asked: tuple[tuple[str, ...], float] = ((), 0.0)
        self._made: Bias | None = None

    def bias(self, words: tuple[str, ...], weight: float) -> Bias | None:
        """What favours these words; None where there is nothing to favour."""
        if (words, weight) != self._asked:
            spelt = spellings(words) if weight else []
            self._asked = words, weight
            self._made = Bias(map(self._written, spelt), weight) if spelt else None
        return self._made


def spellings(words: Iterable[str]) -> list[str]:
    """How words in view may stand in a text: as they are, in small letters, or with a capital.

    Those that are short, or hold no letter, are left out: they are heard right without help.
    """
    found: dict[str, None] = {}
    for word in list(dict.fromkeys(map(_bare, words)))[:MOST_WORDS]:
        if sum(map(str.isalpha, word)) < _SHORTEST or len(word) > _LONGEST:
            continue
        shouted = word.isupper() and len(word) > _ACRONYM
        forms = (word.lower(), word.capitalize()) if shouted else (word, word.lower())
        found.update(dict.fromkeys(forms))
    return list(found)


def _bare(word: str) -> str:
    """Without the punctuation around it."""
    inside = [index for index, one in enumerate(word) if one.isalnum()]
    return word[inside[0] : inside[-1] + 1] if inside else ""
