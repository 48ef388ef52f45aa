"""How far accents of English are apart, by the sounds of the words that tell them apart.

The words are those of Wells' lexical sets (1982) and of the consonants that accents differ in
(``accents.toml``). Two accents say each of them; what it costs to make the sounds of one out of
those of the other, weighted by articulatory features (Mortensen et al. 2016), over the number of
the longer one's sounds, is the distance of the word: 0 said alike, 1 nothing in common. Stress does
not count.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.report import Measure, pooled_interval
from talkover.trainer.data.accents import Accent, accents
from talkover.trainer.data.aligning.features import edit_distance

REFERENCE: Final = "general_american"
MARGIN: Final = 0.002
"""What the lower end of an accent's interval has to be above, for it to be an accent of its own. A
vowel that moves one step is a distance of about 0.05 in a word of three sounds."""

Said = Mapping[str, tuple[str, ...]]
"""Sounds by word."""


@dataclass(frozen=True, slots=True)
class Apart:
    """An accent against the reference.

    Attributes:
        accent: Its code.
        words: How far each word is from the reference's.
    """

    accent: str
    words: Mapping[str, float]

    @property
    def mean(self) -> float:
        """Over all words."""
        return sum(self.words.values()) / len(self.words)

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %, words drawn anew."""
        values = list(self.words.values())
        return pooled_interval(values, [1.0] * len(values))

    @property
    def changed(self) -> float:
        """Share of words that are said otherwise."""
        return sum(value > 0 for value in self.words.values()) / len(self.words)

    @property
    def furthest(self) -> list[str]:
        """Words, those that differ most before the others."""
        return sorted(self.words, key=lambda word: (-self.words[word], word))


@cache
def key_words() -> dict[str, tuple[str, ...]]:
    """Words by what they are there for: a lexical set, or something about consonants."""
    data = tomllib.loads(files(__package__).joinpath("accents.toml").read_text("utf-8"))
    return {
        name: tuple(some) for kind in ("sets", "consonants") for name, some in data[kind].items()
    }


def said_by(accent: Accent) -> Said:
    """What an accent makes of the key words, each once.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    words = list(dict.fromkeys(word for some in key_words().values() for word in some))
    said = accent.say(" ".join(words))
    return {
        word: tuple(phone.symbol for phone in one.phones)
        for word, one in zip(words, said, strict=True)
    }


def word_distance(first: Sequence[str], second: Sequence[str]) -> float:
    """How far two ways to say a word are apart, 0 to 1."""
    return edit_distance(first, second) / max(len(first), len(second), 1)


def apart_from_reference(said: Mapping[str, Said]) -> list[Apart]:
    """Each accent but the reference, the nearest first.

    Args:
        said: By code, what ``said_by`` gives; the reference is among them.
    """
    base = said[REFERENCE]
    found = [
        Apart(code, {word: word_distance(base[word], one[word]) for word in base})
        for code, one in said.items()
        if code != REFERENCE
    ]
    return sorted(found, key=lambda one: one.mean)


def between_all(said: Mapping[str, Said]) -> NDArray[np.float64]:
    """Mean distance of each accent to each other one: [n, n], symmetric, 0 on the diagonal."""
    found = np.zeros((len(said), len(said)))
    every = list(said.values())
    for row, first in enumerate(every):
        for column, second in enumerate(every[:row]):
            apart = [word_distance(first[word], second[word]) for word in first]
            found[row, column] = found[column, row] = sum(apart) / len(apart)
    return found


def said_by_all() -> dict[str, Said]:
    """``said_by`` for every accent there is, the reference first."""
    codes = sorted(accents(), key=lambda code: (code != REFERENCE, code))
    return {code: said_by(accents()[code]) for code in codes}


def measures(found: Sequence[Apart]) -> list[Measure]:
    """Whether each accent is one of its own."""
    return [
        Measure(
            f"distance from {REFERENCE}, {one.accent}",
            one.mean,
            "",
            n=len(one.words),
            interval=one.interval,
            bar=f"interval > {MARGIN:g}",
            met=one.interval is not None and one.interval[0] > MARGIN,
            note=f"{100 * one.changed:.0f} % of words said otherwise",
        )
        for one in found
    ]
