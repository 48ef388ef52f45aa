"""What is learnt from: a sound and what is known of it, whether it was made or recorded."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.trainer.data.dirt import Made

ENGLISH: Final = "en"
Words = tuple[tuple[str, str], ...]
"""Each as it is written, with its language (ISO 639-1)."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """An utterance as it is heard.

    Attributes:
        name: Unique.
        pcm: float32 [n] at 16 kHz.
        words: What is said, word by word; empty: nobody wrote it down, or it is ``silent``.
        language: That the listener is told: the one of most words.
        accent: Code; empty: unknown.
        pattern: How it goes from one language to another; empty: it stays in one.
        snr: Of the voice over the noise (dB); None: there is none, or nobody knows.
        speaker: Who; empty: unknown.
        trust: How likely the words are right, 0 to 1.
        text: What is said, with its punctuation; empty: nobody wrote it down.
        engine: That spoke; empty: a person, or unknown.
        silent: Nobody says anything.
    """

    name: str
    pcm: NDArray[np.float32]
    words: Words
    language: str
    accent: str = ""
    pattern: str = ""
    snr: float | None = None
    speaker: str = ""
    trust: float = 1.0
    text: str = ""
    engine: str = ""
    silent: bool = False

    @classmethod
    def of(cls, made: Made, *, trust: float = 1.0) -> Self:
        """What a stream gives.

        A set that tells no words has those of its text, in the one language that it names.
        """
        said = made.clean
        alone = said.languages[0] if said.languages else ENGLISH
        words = tuple((word.text, word.language or alone) for word in said.words)
        words = words or tuple((word, alone) for word in said.text.split())
        return cls(
            said.name,
            made.pcm,
            words,
            main_language(words) if words else alone,
            said.accent,
            said.pattern,
            made.snr,
            said.speaker,
            trust,
            said.text,
            said.engine,
        )

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / RATE


def main_language(words: Words) -> str:
    """The language of most words, of equals the first."""
    languages = [language for _, language in words]
    return max(languages, key=languages.count)
