"""Recorded coughs, laughter, hums and music, where packages with them are installed.

Debian's ``hedgewars-data`` (GPL-2) has a dozen people who act; ``asterisk-moh-opsound-wav``
(CC-BY-SA) has five tunes. Neither is needed: formulas stand in, see ``sounds``.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from talkover.core.audio import read_wav
from talkover.core.audio.prompts import roots
from talkover.core.clock import RATE
from talkover.trainer.overlap import sounds
from talkover.trainer.overlap.sounds import Random, Sound
from talkover.trainer.overlap.texts import Split

_ACTORS: Final = Path("usr/share/games/hedgewars/Data/Sounds/voices")
_CAST: Final = {
    Split.TRAIN: ("Classic", "Default", "Default_es", "Default_pl", "Mobster", "Pirate", "Russian",
                  "Russian_pl"),
    Split.VALIDATION: ("HillBilly", "Surfer"),
    Split.HELD_OUT: ("British", "Default_ru", "Default_uk", "Robot", "Singer"),
}  # fmt: skip
_MUSIC: Final = Path("usr/share/asterisk/moh")
_TUNES: Final = {Split.TRAIN: slice(3), Split.VALIDATION: slice(3, 4), Split.HELD_OUT: slice(4, 5)}
"""Which of the tunes, by name, belong to a split."""
_EXCERPT: Final = 3 * RATE
_RECORDED: Final = 0.5
"""Share that is recorded, where there are recordings."""


def cough(split: Split, random: Random) -> Sound:
    """Of an actor or a formula."""
    return _either("PoisonCough", sounds.cough, split, random)


def laughter(split: Split, random: Random) -> Sound:
    """Of an actor or a formula."""
    return _either("Laugh", sounds.laughter, split, random)


def hum(split: Split, random: Random) -> Sound:
    """Of an actor or a formula."""
    return _either("Hmm", sounds.hum, split, random)


def music(split: Split, random: Random) -> Sound:
    """An excerpt of a tune, or chords."""
    found = _tunes()[_TUNES[split]]
    if not found or random.random() >= _RECORDED:
        return sounds.music(random)
    tune = found[int(random.integers(len(found)))]
    begin = int(random.integers(0, max(1, len(tune) - _EXCERPT)))
    return tune[begin : begin + _EXCERPT]


def clicks(_split: Split, random: Random) -> Sound:
    """Of a formula."""
    return sounds.clicks(random)


def burst(_split: Split, random: Random) -> Sound:
    """Of a formula."""
    return sounds.burst(random)


NOISES: Final[tuple[Callable[[Split, Random], Sound], ...]] = (
    cough, cough, laughter, laughter, clicks, burst, burst, music,
)  # fmt: skip
"""Drawn alike; throats twice: they are what a voice detector falls for most."""


def _either(name: str, make: Callable[[Random], Sound], split: Split, random: Random) -> Sound:
    found = _acted(name, split)
    if not found or random.random() >= _RECORDED:
        return make(random)
    return found[int(random.integers(len(found)))]


@cache
def _acted(name: str, split: Split) -> tuple[Sound, ...]:
    paths = (root / _ACTORS / actor / f"{name}.ogg" for root in roots() for actor in _CAST[split])
    return tuple(_read(path) for path in paths if path.is_file())


@cache
def _tunes() -> tuple[Sound, ...]:
    """Up to a minute of each."""
    paths = [path for root in roots() for path in sorted((root / _MUSIC).glob("*.wav"))]
    return tuple(_read(path)[: 60 * RATE] for path in paths)


def _read(path: Path) -> Sound:
    return read_wav(path).astype(np.float32) / np.float32(32_768)
