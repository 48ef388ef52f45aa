"""Voices that can be drawn, whichever engine they belong to (``voices.toml``)."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, get_args

from talkover.core.errors import DataError
from talkover.trainer.data.accents import accents
from talkover.trainer.data.engines.sounds import inventory

EngineName = Literal["espeak", "flite", "festival", "piper"]
Gender = Literal["female", "male", "unknown"]


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """Somebody who speaks.

    Attributes:
        name: Unique.
        engine: That has it.
        own: What the engine calls it.
        person: Who was recorded; several voices may be of one.
        gender: Of the person, or what the voice was made to sound like.
        locale: Of the person, as a BCP 47 tag.
        rate: At which it was made (Hz); what is returned has 16 kHz in any case.
        licence: Of the voice.
        sounds: Its inventory in ``sounds.toml``; empty for eSpeak, which has one for each accent.
        f0: Mean of the fundamental frequency (Hz), where the engine is told; 0: it is not.
        spread: Standard deviation of it (Hz).
        stretch: Of durations, by default.
        size: Of the speaker's frequencies, against the person's own.
    """

    name: str
    engine: EngineName
    own: str
    person: str
    gender: Gender
    locale: str
    rate: int
    licence: str
    sounds: str = ""
    f0: float = 0.0
    spread: float = 0.0
    stretch: float = 1.0
    size: float = 1.0

    @property
    def accents(self) -> tuple[str, ...]:
        """Codes of the accents that it can speak in."""
        return inventory(self.sounds).accents if self.sounds else tuple(accents())


@dataclass(frozen=True, slots=True)
class Delivery:
    """How something is said, as factors on a voice's own.

    Attributes:
        pace: Words in the same time.
        pitch: Of the voice.
        melody: How far its pitch moves.
    """

    pace: float = 1.0
    pitch: float = 1.0
    melody: float = 1.0


@cache
def voices() -> Mapping[str, VoiceInfo]:
    """All that are known, by name, whether or not their engines are installed.

    Raises:
        DataError: the file is damaged; the message says where.
    """
    data = tomllib.loads(files(__package__).joinpath("voices.toml").read_text("utf-8"))
    try:
        found = list(_variants(**data.pop("espeak")))
        found += [VoiceInfo(name, **fields) for name, fields in data.items()]
    except (KeyError, TypeError) as error:
        raise DataError(f"voices.toml cannot be used: {error}") from None
    for one in found:
        if one.engine not in get_args(EngineName) or one.gender not in get_args(Gender):
            raise DataError(f"voices.toml: {one.name} has an unknown engine or gender")
    return MappingProxyType({one.name: one for one in found})


def voice(name: str) -> VoiceInfo:
    """One of them.

    Raises:
        DataError: there is none of this name.
    """
    try:
        return voices()[name]
    except KeyError:
        raise DataError(f"no voice {name!r}; there are {', '.join(voices())}") from None


def _variants(
    *, female: list[str], male: list[str], licence: str, locale: str, rate: int
) -> Iterator[VoiceInfo]:
    """Those of eSpeak."""
    genders: tuple[tuple[Gender, list[str]], ...] = (("female", female), ("male", male))
    for gender, names in genders:
        for own in names:
            name = f"espeak-{own}"
            yield VoiceInfo(name, "espeak", own, name, gender, locale, rate, licence)
