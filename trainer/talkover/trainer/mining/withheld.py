"""What a model is judged on, and so is never learnt from: texts, people and recordings, by hash."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final, Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from talkover.core.audio import read_wav, to_float, to_int16
from talkover.core.audio.prompts import Prompt
from talkover.core.clock import RATE
from talkover.trainer.data.engines.voices import voice
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.texts import Split, sentence_of, split_of

JUDGES: Final = ("dialects17", "dialects17x5")
"""Recipes whose test splits models are judged on."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """What is kept for judging.

    A sentence is, too, by its own hash alone: where the recipes' sentences are divided, every other
    text falls to the same sides, whoever says it.

    Attributes:
        texts: ``sentence_of`` texts that are read by people.
        speakers: Who speaks in another split than that of training.
        sounds: ``sound_of`` recordings.
    """

    texts: frozenset[bytes] = frozenset()
    speakers: frozenset[str] = frozenset()
    sounds: frozenset[str] = frozenset()

    def why(self, text: str, speaker: str, sound: str) -> str:
        """Why an utterance may not be learnt from; empty: it may.

        Args:
            text: What is said.
            speaker: Who says it; empty: unknown.
            sound: As ``sound_of`` gives it.
        """
        if split_of(text) is not Split.TRAIN or sentence_of(text) in self.texts:
            return "text"
        if speaker in self.speakers:
            return "speaker"
        return "sound" if sound in self.sounds else ""

    @classmethod
    def of(cls, recipes: Iterable[Recipe], prompts: Sequence[Prompt] = ()) -> Self:
        """What recipes hold back, and recordings of people.

        Args:
            recipes: Whose voices of other splits are kept.
            prompts: Whose recordings and texts are.

        Raises:
            AudioError: a recording cannot be read.
        """
        return cls(
            frozenset(sentence_of(prompt.text) for prompt in prompts),
            frozenset(speaker for recipe in recipes for speaker in judges_of(recipe)),
            frozenset(sound for prompt in prompts for sound in sounds_of(prompt)),
        )


def judges_of(recipe: Recipe) -> set[str]:
    """Who speaks in a recipe's splits for validation and for the test."""
    splits = [split for split in Split if split is not Split.TRAIN]
    names = [f"espeak-{own}" for split in splits for own in recipe.voices[split]]
    names += [one for guest in recipe.guests for split in splits for one in guest.voices[split]]
    return {voice(name).person for name in names}


def sound_of(pcm: NDArray[np.float32]) -> str:
    """What stands for a sound: sha256 of its samples of 16 bits.

    Args:
        pcm: float32 [n] at 16 kHz.
    """
    return sha256(to_int16(pcm).tobytes()).hexdigest()


@cache
def sounds_of(prompt: Prompt) -> tuple[str, ...]:
    """A recording as evaluations read it, and as a stream of files does."""
    with soundfile.SoundFile(prompt.path) as file:
        rate, heard = file.samplerate, file.read(dtype="float32", always_2d=True)
    streamed = soxr.resample(heard[:, 0], rate, RATE) if rate != RATE else heard[:, 0]
    return sound_of(to_float(read_wav(prompt.path))), sound_of(streamed)
