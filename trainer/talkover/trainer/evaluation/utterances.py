"""The recordings that a model is judged on: real people, three languages, a reproducible draw."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio import read_wav, to_float
from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError

T = TypeVar("T")

LANGUAGES: Final = ("en", "es", "fr")
LONGEST: Final = 24.0
"""Seconds: a window of 30 s still leaves the silence after it that stock Whisper needs."""
_FEWEST_WORDS: Final = 2
_TIMED_WORDS: Final = 5
_CURE: Final = "run: sh scripts/test_setup.sh"


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """Something that was said.

    Attributes:
        name: With its language, such as ``en/vm-goodbye``.
        language: ISO 639-1.
        text: The words.
        pcm: float32 [n] at 16 kHz in [-1, 1).
    """

    name: str
    language: str
    text: str
    pcm: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / RATE


def choose_utterances(count: int, *, seed: int) -> list[Utterance]:
    """Draw recordings: half English, the rest Spanish and French, in mixed order.

    Args:
        count: How many.
        seed: Of the draw.

    Raises:
        ConfigError: there are not so many on this machine.
    """
    pools = {language: _fitting(language) for language in LANGUAGES}
    return [_load(prompt) for prompt in draw(pools, count, seed=seed)]


def utterance_of(seconds: float) -> Utterance:
    """The English recording of a sentence whose length is nearest to ``seconds``.

    Raises:
        ConfigError: there are no recordings on this machine.
    """
    sentences = [prompt for prompt in _fitting("en") if words(prompt.text) >= _TIMED_WORDS]
    if not sentences:
        raise ConfigError(f"there are no recordings to time; {_CURE}")
    return _load(min(sentences, key=lambda prompt: (abs(prompt.seconds - seconds), prompt.name)))


def draw(pools: Mapping[str, Sequence[T]], count: int, *, seed: int) -> list[T]:
    """Take half from the pool of English and the rest from the others, alike, then mix.

    Mixed, so that the beginning of the list stands for all of it when somebody stops early.

    Args:
        pools: What can be drawn, by language; ``en`` is one of them.
        count: How many.
        seed: Of the draw.

    Raises:
        ConfigError: a pool is too small.
    """
    generator = random.Random(seed)  # noqa: S311 - a reproducible draw
    drawn: list[T] = []
    for language, share in shares(count, [name for name in pools if name != "en"]).items():
        if len(pools[language]) < share:
            raise ConfigError(
                f"{len(pools[language])} recordings in {language!r} fit and {share} are wanted; "
                f"{_CURE}, or ask for fewer"
            )
        drawn += generator.sample(list(pools[language]), share)
    generator.shuffle(drawn)
    return drawn


def shares(count: int, others: Sequence[str]) -> dict[str, int]:
    """How many of ``count`` are English (half, rounded up) and how many each of the others."""
    rest = count // 2
    split = {
        language: rest // len(others) + (place < rest % len(others))
        for place, language in enumerate(others)
    }
    return {"en": count - rest, **split}


def words(text: str) -> int:
    """Words in a text: whatever stands between spaces and is not only punctuation."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def _fitting(language: str) -> list[Prompt]:
    return [
        prompt
        for prompt in find_prompts(language)
        if words(prompt.text) >= _FEWEST_WORDS and prompt.seconds <= LONGEST
    ]


def _load(prompt: Prompt) -> Utterance:
    pcm = to_float(read_wav(prompt.path))
    return Utterance(f"{prompt.language}/{prompt.name}", prompt.language, prompt.text, pcm)
