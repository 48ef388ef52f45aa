"""Stock Whisper on accents and code-switches: what it writes, clean and under noise.

Every utterance of the test split is heard twice, once as it is and once with coloured noise or
babble of other utterances at exactly 5 dB over the very same speech. What was written is appended
to a file as it comes, in an order in which every stretch has as much of each accent and pattern: so
Ctrl-C loses nothing, and any beginning of it is a smaller table.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import DataError
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.dirt import dirtied, neighbours
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split

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


class Readings:
    """What was written down, a line each in a file that is made, or gone on with.

    Args:
        path: Of the file; None: nothing is kept.
        recipe: What is heard.

    Raises:
        DataError: it holds readings of something else.
    """

    def __init__(self, path: Path | None, recipe: Recipe) -> None:
        self._path = path
        self.all: list[Heard] = []
        if path is None:
            return
        head = _head(recipe)
        if not path.exists():
            path.write_text(head + "\n", "utf-8")
        first, *lines = path.read_text("utf-8").splitlines(keepends=True)
        if first.strip() != head:
            raise DataError(
                f"{path} holds readings of something else; name another file, or remove it"
            )
        whole = [line for line in lines if line.endswith("\n")]
        if len(whole) < len(lines):  # broken off in the middle of a line
            path.write_text(first + "".join(whole), "utf-8")
        self.all = [_heard(line) for line in whole]

    def add(self, some: Sequence[Heard]) -> None:
        """Keep some more."""
        self.all += some
        if self._path is not None:
            lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in some]
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(lines)


def _head(recipe: Recipe) -> str:
    """Tells a recipe from any other."""
    same = sha256(repr(recipe).encode()).hexdigest()[:16]
    return json.dumps({"recipe": recipe.name, "seed": recipe.seed, "sha256": same})


def hear_all(
    recipe: Recipe,
    count: int,
    reader: Reader,
    readings: Readings,
    tick: Callable[[int], None] = lambda _count: None,
) -> None:
    """Have everything read that was not yet.

    The next utterances are made while those before are read.

    Args:
        recipe: Of what is said.
        count: Utterances of each accent and pattern.
        reader: Reads them.
        readings: Filled.
        tick: Told of how many more readings there are, those that were there first.

    Raises:
        ConfigError: an engine is not installed.
    """
    wanted = range(count * len(recipe.conditions))
    there = {one.number for one in readings.all}
    tick(sum(one.number in wanted for one in readings.all))
    missing = [number for number in wanted if number not in there]
    with Studio(recipe, Split.TEST) as studio, ThreadPoolExecutor(1) as pool:
        batches = [missing[at : at + _AT_ONCE] for at in range(0, len(missing), _AT_ONCE)]
        under_way = [pool.submit(_made, noisy(recipe), studio, some) for some in batches[:1]]
        for following in [*batches[1:], []]:
            if not under_way:
                return
            made = under_way.pop().result()
            if following:
                under_way.append(pool.submit(_made, noisy(recipe), studio, following))
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


def _heard(line: str) -> Heard:
    given = json.loads(line)
    return Heard(**{**given, "words": tuple((text, code) for text, code in given["words"])})
