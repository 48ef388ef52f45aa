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
    Split.TRAIN: ("Default", "Default_pl", "Russian", "Russian_pl"),
    Split.VALIDATION: ("Default_ru",),
    Split.HELD_OUT: ("British", "HillBilly", "Mobster", "Pirate", "Singer", "Surfer"),
}
"""Those that ``talkover bench duplex`` holds out are held out here; the rest of them resemble one
or the other."""
_MUSIC: Final = Path("usr/share/asterisk/moh")
_TUNES: Final = {
    Split.TRAIN: ("macroform-cold_day", "macroform-robot_dity"),
    Split.VALIDATION: ("reno_project-system",),
    Split.HELD_OUT: ("macroform-the_simplicity", "manolo_camp-morning_coffee"),
}
_WORDLESS: Final = (
    *("Firepunch", "Grenade", "Hmm", "Jump", "Kamikaze", "Laugh", "Melon", "Ooff", "Ouch", "Ow"),
    *("Poison", "Uh-oh", "Yessir"),
)
"""Beginnings of the names of what says nothing, or only that somebody listens."""
_WORDS: Final = (0.3, 3.0)  # seconds
_ENOUGH: Final = 4
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


def call(split: Split, random: Random) -> tuple[Sound, Sound] | None:
    """Some words of an actor, and others of the same person; None where none are installed."""
    cast = _CAST[split]
    said = _lines(cast[int(random.integers(len(cast)))])
    if len(said) < _ENOUGH:
        return None
    first, *others = random.permutation(len(said))[:_ENOUGH]
    return said[first], np.concatenate([said[other] for other in others])


def music(split: Split, random: Random) -> Sound:
    """An excerpt of a tune, or chords."""
    found = _tunes(split)
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
def _lines(actor: str) -> tuple[Sound, ...]:
    """All that somebody says in words, laughs and groans left out."""
    folders = [root / _ACTORS / actor for root in roots()]
    paths = [path for folder in folders for path in sorted(folder.glob("*.ogg"))]
    said = [_read(path) for path in paths if not path.stem.startswith(_WORDLESS)]
    return tuple(sound for sound in said if _WORDS[0] <= len(sound) / RATE <= _WORDS[1])


@cache
def _acted(name: str, split: Split) -> tuple[Sound, ...]:
    paths = (root / _ACTORS / actor / f"{name}.ogg" for root in roots() for actor in _CAST[split])
    return tuple(_read(path) for path in paths if path.is_file())


@cache
def _tunes(split: Split) -> tuple[Sound, ...]:
    """Up to a minute of each."""
    named = [root / _MUSIC / f"{tune}.wav" for root in roots() for tune in _TUNES[split]]
    paths = [path for path in named if path.is_file()]
    return tuple(_read(path)[: 60 * RATE] for path in paths)


def _read(path: Path) -> Sound:
    return read_wav(path).astype(np.float32) / np.float32(32_768)
