"""Stock Whisper on accents and code-switches: what it writes, clean and under noise.

Every utterance of the test split is heard twice, once as it is and once with coloured noise or
babble of other utterances at exactly 5 dB over the very same speech. What was written is appended
to a file as it comes, in an order in which every stretch has as much of each accent and pattern: so
Ctrl-C loses nothing, and any beginning of it is a smaller table.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from talkover.trainer.data.clean import Clean
from talkover.trainer.data.dirt import dirtied, neighbours
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.ahead import ahead
from talkover.trainer.evaluation.kept import Kept

CLEAN: Final = "clean"
NOISY: Final = "5 dB"
SOUNDS: Final = (CLEAN, NOISY)
SNR: Final = 5.0

_BABBLE: Final = 0.5
_AT_ONCE: Final = 8  # utterances


class Reader(Protocol):
    """Writes down several sounds at once."""

    def read(self, sounds: Sequence[NDArray[np.float32]], languages: Sequence[str]) -> list[str]:
        """A text for each of some sounds (float32 [n] at 16 kHz), told its language (ISO 639-1)."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What was written down of an utterance.

    Attributes:
        number: Of the utterance in its recipe's test split.
        condition: The code of an accent, or a code-switch pattern.
        sound: One of ``SOUNDS``.
        noise: Over it; empty: there is none.
        text: What was said.
        words: The same in words, each with its language (ISO 639-1).
        language: That the reader was told: the one of most words.
        written: What it wrote.
    """

    number: int
    condition: str
    sound: str
    noise: str
    text: str
    words: tuple[tuple[str, str], ...]
    language: str
    written: str


def noisy(recipe: Recipe) -> Recipe:
    """The recipe, with coloured noise or babble at 5 dB over all that it says."""
    return replace(recipe, noisy=1.0, snr=(SNR, SNR), babble=_BABBLE, music=0.0, lines=False)


def main_language(words: Sequence[tuple[str, str]]) -> str:
    """The language of most words, of equals the first."""
    languages = [language for _, language in words]
    return max(languages, key=languages.count)


class Readings(Kept[Heard]):
    """What was written down, a line each in a file that is made, or gone on with.

    Args:
        path: Of the file; None: nothing is kept.
        recipe: What is heard.

    Raises:
        DataError: it holds readings of something else.
    """

    def __init__(self, path: Path | None, recipe: Recipe) -> None:
        head = {"recipe": recipe.name, "seed": recipe.seed, "sha256": fingerprint(recipe)}
        super().__init__(path, head, asdict, _heard)


def fingerprint(what: object) -> str:
    """Tells it from any other whose parts differ."""
    return sha256(repr(what).encode()).hexdigest()[:16]


def wanted(recipe: Recipe, accents: int, patterns: int) -> list[int]:
    """Numbers of so many utterances of each accent and of each pattern, one of each in turn."""
    turns = range(max(accents, patterns) * len(recipe.conditions))
    many = [accents] * len(recipe.accents) + [patterns] * len(recipe.patterns)
    return [one for one in turns if one // len(many) < many[one % len(many)]]


def hear_all(
    recipe: Recipe,
    numbers: Sequence[int],
    reader: Reader,
    readings: Readings,
    tick: Callable[[int], None] = lambda _count: None,
) -> None:
    """Have everything read that was not yet.

    The next utterances are made while those before are read.

    Args:
        recipe: Of what is said.
        numbers: Of the utterances.
        reader: Reads them.
        readings: Filled.
        tick: Told of how many more readings there are, those that were there first.

    Raises:
        ConfigError: an engine is not installed.
    """
    there = {one.number for one in readings.all}
    asked = frozenset(numbers)
    tick(sum(one.number in asked for one in readings.all))
    missing = [number for number in numbers if number not in there]
    batches = [missing[at : at + _AT_ONCE] for at in range(0, len(missing), _AT_ONCE)]
    with Studio(recipe, Split.TEST) as studio:
        for made in ahead(batches, lambda some: _made(noisy(recipe), studio, some)):
            readings.add(list(_read(reader, made)))
            tick(len(made))


def _made(recipe: Recipe, studio: Studio, numbers: Sequence[int]) -> list[tuple[Heard, Sound]]:
    """Each twice, with nothing written yet."""
    found: list[tuple[Heard, Sound]] = []
    for number in numbers:
        said = studio.clean(number)
        over = dirtied(recipe, said, neighbours(number), lambda other: studio.clean(other).pcm)
        found.append((_unheard(recipe, number, said, CLEAN, ""), said.pcm))
        found.append((_unheard(recipe, number, said, NOISY, over.noise), over.pcm))
    return found


def _unheard(recipe: Recipe, number: int, said: Clean, sound: str, noise: str) -> Heard:
    words = tuple((word.text, word.language) for word in said.words)
    condition = str(recipe.conditions[number % len(recipe.conditions)])
    return Heard(number, condition, sound, noise, said.text, words, main_language(words), "")


def _read(reader: Reader, made: Sequence[tuple[Heard, Sound]]) -> Iterator[Heard]:
    texts = reader.read([sound for _, sound in made], [heard.language for heard, _ in made])
    for (heard, _), text in zip(made, texts, strict=True):
        yield replace(heard, written=text)


def _heard(given: dict[str, Any]) -> Heard:
    return Heard(**{**given, "words": tuple((text, code) for text, code in given["words"])})
