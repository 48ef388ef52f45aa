"""Utterances of a manifest as counting sees them, read one by one."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from talkover.core.errors import DataError

NONE: Final = "none"
UNKNOWN: Final = "not known"
RECORDED: Final = "recorded"
_STEP: Final = 5  # dB
_MISSING: Final = {"noise": NONE, "pattern": NONE}


class Facet(StrEnum):
    """A way to tell utterances apart."""

    LOCALE = "locale"
    LANGUAGES = "languages"
    ACCENT = "accent"
    SPEAKER = "speaker"
    GENDER = "gender"
    AGE = "age"
    ENGINE = "engine"
    THEME = "theme"
    NOISE = "noise"
    SNR = "snr"
    LINE = "line"
    PATTERN = "pattern"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of an utterance, or of its text where its words have no times."""

    text: str
    language: str
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """An utterance.

    Attributes:
        name: In its set.
        audio: Its file.
        seconds: How long it is.
        text: What is said.
        words: With their languages and sounds.
        snr: Of the voice over the noise (dB), estimated if it was recorded so; None: there is none.
        facets: All that it is told apart by; ``not known`` where the manifest does not tell.
    """

    name: str
    audio: Path
    seconds: float
    text: str
    words: tuple[Word, ...]
    snr: float | None
    facets: dict[Facet, str]

    @property
    def language(self) -> str:
        """That it is in, or switches from."""
        return self.facets[Facet.LANGUAGES].partition("–")[0]


def read_manifest(path: Path) -> Iterator[tuple[int, Sample]]:
    """Utterances of a manifest, and at which byte the line of each begins.

    Raises:
        DataError: there is no such file, or a line cannot be used; the message names it.
    """
    offset = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if raw.strip():
                    yield offset, _sample(raw, path, number)
                offset += len(raw)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def snr_band(snr: float | None) -> str:
    """Five decibels by name."""
    if snr is None:
        return NONE
    low = int(snr // _STEP) * _STEP
    return f"{low} to {low + _STEP} dB"


def low_of(band: str) -> float:
    """The lower edge of what ``snr_band`` names; above all if there is no noise."""
    return math.inf if band == NONE else float(band.partition(" ")[0])


def _sample(raw: bytes, path: Path, number: int) -> Sample:
    try:
        line = json.loads(raw)
        told = line.get("snr")
        if told is None:
            told = line.get("recorded_snr")
        snr = None if told is None else float(told)
        return Sample(
            str(line.get("id", f"{path.stem}-{number}")),
            path.parent / str(line["audio_filepath"]),
            float(line["duration"]),
            str(line["text"]),
            _words(line),
            snr,
            _facets(line, snr),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path}:{number} is no utterance ({error!r}); make the set again"
        ) from None


def _words(line: dict[str, Any]) -> tuple[Word, ...]:
    language = next(iter(_languages(line)), UNKNOWN)
    if not line.get("words"):
        return tuple(Word(text, language) for text in str(line["text"]).split())
    return tuple(
        Word(
            str(word["text"]),
            str(word.get("language", language)),
            tuple(str(phone[0]) for phone in word.get("phones", ())),
        )
        for word in line["words"]
    )


def _languages(line: dict[str, Any]) -> list[str]:
    """In the order that the manifest has them; else that of the locale."""
    told = [str(one) for one in line.get("languages") or () if one]
    locale = str(line.get("locale") or "").replace("_", "-").partition("-")[0]
    return told or [locale.lower()] * bool(locale)


def _facets(line: dict[str, Any], snr: float | None) -> dict[Facet, str]:
    traits = line.get("traits") or {}
    told = {
        Facet.LANGUAGES: "–".join(_languages(line)),
        Facet.SPEAKER: line.get("speaker") or line.get("voice"),
        Facet.GENDER: traits.get("gender"),
        Facet.AGE: traits.get("age"),
        Facet.NOISE: _noise(line, snr),
        Facet.SNR: snr_band(snr),
        Facet.LINE: _line(line.get("line")),
    }
    return {
        facet: str(told.get(facet, line.get(facet.value)) or _MISSING.get(facet.value, UNKNOWN))
        for facet in Facet
    }


def _noise(line: dict[str, Any], snr: float | None) -> str:
    """Its kind, without what it is like; of a recording's own nothing is known but that it is."""
    told = str(line.get("noise") or "").partition(" ")[0]
    return told or ("" if snr is None else RECORDED)


def _line(line: Any) -> str:
    if not isinstance(line, dict):
        return ""
    return str(line.get("codec", "")) + (", in a room" if line.get("decay") else "")
