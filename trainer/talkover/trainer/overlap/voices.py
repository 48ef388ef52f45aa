"""Voices that overlaps are spoken in, split so that held-out ones were never heard."""

import io
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from talkover.core.audio import read_wav
from talkover.core.audio.prompts import Prompt, find_prompts
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError
from talkover.core.words.hums import hummed
from talkover.trainer.overlap.texts import Said, Split, split_of

Sound = NDArray[np.float32]
"""Mono at 16 kHz, full scale 1."""

_ACCENTS: Final[dict[str, dict[Split, tuple[str, ...]]]] = {
    "en": {
        Split.TRAIN: ("en-us", "en-gb", "en-gb-x-gbclan", "en-us-nyc"),
        Split.VALIDATION: ("en-gb-x-gbcwmd",),
        Split.HELD_OUT: ("en-gb-scotland", "en-029", "en-gb-x-rp"),
    },
    "es": {Split.TRAIN: ("es",), Split.VALIDATION: ("es",), Split.HELD_OUT: ("es-419",)},
    "fr": {Split.TRAIN: ("fr-fr",), Split.VALIDATION: ("fr-ch",), Split.HELD_OUT: ("fr-be",)},
    "de": dict.fromkeys(Split, ("de",)),
    "hi": dict.fromkeys(Split, ("hi",)),
    "zh": dict.fromkeys(Split, ("cmn",)),
}
_VARIANTS: Final[dict[Split, tuple[str, ...]]] = {
    Split.TRAIN: ("m1", "m3", "m5", "m7", "m8", "f1", "f2", "Andy", "Annie", "Gene", "Lee",
                  "Mario", "adam", "anika", "benjamin", "caleb", "david", "edward", "linda", "max",
                  "michel", "paul", "steph", "victor", "klatt", "klatt3"),
    Split.VALIDATION: ("m6", "Alex", "Denis", "belinda", "marcelo", "robert", "klatt2"),
    Split.HELD_OUT: ("m2", "m4", "f3", "f4", "f5", "Alicia", "Diogo", "Hugo", "Michael", "antonio",
                     "grandma", "john", "quincy", "travis", "zac", "klatt4"),
}  # fmt: skip
"""Those that ``talkover bench duplex`` holds out are held out here."""
_FLITE: Final = {
    Split.TRAIN: ("slt",),
    Split.VALIDATION: ("kal16",),
    Split.HELD_OUT: ("awb", "rms"),
}
"""Another engine, English only."""
_FLITE_SHARE: Final = {Split.TRAIN: 0.25, Split.VALIDATION: 0.25, Split.HELD_OUT: 0.5}
_PEOPLE: Final = {Split.TRAIN: ("fr",), Split.VALIDATION: ("fr",), Split.HELD_OUT: ("en", "es")}
"""Languages of the recordings of a person in each split; the texts of one are divided."""
_TIMEOUT: Final = 20.0
_LOUD: Final = 0.02
"""Share of a recording's peak below which it has not begun, or is over."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who can say any text in a language.

    Attributes:
        engine: ``espeak`` or ``flite``.
        name: As the engine knows it.
        pitch: Of eSpeak, 0 to 99.
        pace: Words a minute.
    """

    engine: str
    name: str
    pitch: int = 50
    pace: int = 175


def draw_voice(
    language: str, split: Split, random: np.random.Generator, *, hums: bool = False
) -> Voice:
    """Somebody of a split who speaks a language and, if need be, can hum."""
    flite = language == "en" and not hums and _has("flite")
    if flite and random.random() < _FLITE_SHARE[split]:
        return Voice("flite", str(random.choice(_FLITE[split])))
    accent = random.choice(_ACCENTS[language][split])
    variant = random.choice(_VARIANTS[split])
    return Voice(
        "espeak",
        f"{accent}+{variant}",
        int(random.integers(25, 80)),
        int(random.integers(140, 220)),
    )


def say(said: Said, voice: Voice) -> Sound:
    """A text in a voice, without the silence around it; what is hummed, eSpeak hums.

    Raises:
        ConfigError: the engine is not installed, or failed.
    """
    text = hummed(said.text) or said.text
    command = (
        ["flite", "-voice", voice.name, "-t", text, "-o", "/dev/stdout"]
        if voice.engine == "flite"
        else [
            *("espeak-ng", "-v", voice.name, "-p", str(voice.pitch), "-s", str(voice.pace)),
            *("--stdout", "--", text),
        ]
    )
    if not _has(command[0]):
        raise ConfigError(f"{command[0]} is not installed; run: sh scripts/test_setup.sh")
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_TIMEOUT)
        pcm, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32", always_2d=True)
    except (subprocess.SubprocessError, soundfile.SoundFileError) as error:
        raise ConfigError(f"{command[0]} did not speak with voice {voice.name}: {error}") from None
    return trim(soxr.resample(pcm[:, 0], rate, RATE).astype(np.float32))


def trim(sound: Sound) -> Sound:
    """Cut the silence at both ends."""
    peak = float(np.abs(sound).max()) if len(sound) else 0.0
    loud = np.flatnonzero(np.abs(sound) > peak * _LOUD)
    return sound[int(loud[0]) : int(loud[-1]) + 1] if len(loud) and peak else sound


@cache
def people(split: Split) -> tuple[Prompt, ...]:
    """Recordings of a person whose texts are in a split too; none where none are installed."""
    return tuple(
        prompt
        for language in _PEOPLE[split]
        for prompt in find_prompts(language)
        if split_of(prompt.text) is split and prompt.seconds < 8
    )


def play(prompt: Prompt) -> Sound:
    """A recording, without the silence around it."""
    return trim(read_wav(prompt.path).astype(np.float32) / np.float32(32_768))


@cache
def _has(command: str) -> bool:
    return shutil.which(command) is not None
