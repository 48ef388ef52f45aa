"""One entry of a source as a file and a line of ours, or as refused."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.trainer.data.importing.checks import (
    Limits,
    Sound,
    pace_findings,
    signal_to_noise,
    sound_findings,
    text_findings,
    tidy,
)
from talkover.trainer.data.importing.entries import Entry, Finding, Item, Refused
from talkover.trainer.data.importing.loading import Loaded, inside, load
from talkover.trainer.data.importing.scripts import foreign, language_of

ENGINE: Final = "recorded"
"""What made these utterances, where generated ones name a synthesiser."""
_CLEAN: Final = 40.0  # dB over the pauses: no noise that could be heard
_SUBTYPE: Final = "PCM_16"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a source is to be read; also of what it does not say itself.

    Attributes:
        locale: Of entries that name none.
        accent: Of entries that name none.
        speaker: Of entries that name none.
        channel: To listen to where there are several.
        also: Languages that are switched to.
        link: Take a file that is as it should be over by a hard link.
        limits: What is accepted.
    """

    locale: str = ""
    accent: str = ""
    speaker: str = ""
    channel: int | None = None
    also: tuple[str, ...] = ()
    link: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of an entry.

    Attributes:
        line: Of a manifest, without its split.
        sound: Sha256 of its samples.
    """

    line: dict[str, Any]
    sound: str


def convert(item: Item, root: Path, wishes: Wishes, folder: Path, name: str) -> Accepted | Refused:
    """Check an entry, and write its sound as ``FOLDER/NAME.flac``, 16 kHz in 16 bits.

    Args:
        item: Of a source.
        root: Resolved folder that the recording must be under.
        wishes: How to read it.
        folder: For the file; its path in the line has the folder's own name and its parent's.
        name: Of the utterance, unique in the set.
    """
    if isinstance(item, Refused):
        return item
    entry = _filled(item, wishes)
    found = text_findings(entry.text, entry.locale, wishes.limits, wishes.also)
    path = inside(root, entry.audio)
    if isinstance(path, Finding):
        return _refused(entry, [path, *found])
    loaded = load(path, entry, wishes.limits)
    if not isinstance(loaded, Loaded):
        return _refused(entry, [*loaded, *found])
    seconds = len(loaded.sound) / loaded.rate
    found = [
        *sound_findings(loaded.sound, loaded.rate, wishes.limits),
        *found,
        *pace_findings(entry.text, seconds, wishes.limits),
    ]
    if found:
        return _refused(entry, found)
    mono = loaded.sound.mean(axis=1)
    written = folder / f"{name}.flac"
    written.unlink(missing_ok=True)  # it may be a link, and what it leads to is not ours to change
    plain = loaded.plain and loaded.rate == RATE
    pcm = to_int16(mono if loaded.rate == RATE else soxr.resample(mono, loaded.rate, RATE))
    if not (wishes.link and plain and _linked(path, written)):
        soundfile.write(written, pcm, RATE, format="FLAC", subtype=_SUBTYPE)
    audio = Path(*written.parts[-3:]).as_posix()
    line = _line(entry, name, audio, len(pcm), _noise(mono, loaded.rate), wishes.also)
    return Accepted(line, sha256(pcm.astype("<i2").tobytes()).hexdigest())


def to_json(outcome: Accepted | Refused) -> str:
    """A line for a shard."""
    if isinstance(outcome, Accepted):
        content: dict[str, Any] = {"sound": outcome.sound, "line": outcome.line}
    else:
        content = {"refused": listed(outcome)}
    return json.dumps(content, ensure_ascii=False)


def listed(refused: Refused) -> dict[str, Any]:
    """A line of the list of those that were refused."""
    findings = [{"reason": one.reason.value, "detail": one.detail} for one in refused.findings]
    return {"where": refused.where, "audio": refused.audio, "findings": findings}


def _filled(entry: Entry, wishes: Wishes) -> Entry:
    """With what the source does not say."""
    return replace(
        entry,
        channel=wishes.channel if entry.channel is None else entry.channel,
        speaker=entry.speaker or wishes.speaker,
        locale=entry.locale or wishes.locale,
        accent=entry.accent or wishes.accent,
    )


def _refused(entry: Entry, findings: Sequence[Finding]) -> Refused:
    return Refused(entry.where, entry.audio, tuple(findings))


def _noise(mono: Sound, rate: int) -> float | None:
    """Estimated signal-to-noise ratio (dB); None where there is no noise to speak of."""
    ratio = signal_to_noise(np.asarray(mono, np.float32), rate)
    return None if ratio >= _CLEAN else round(ratio, 1)


def _linked(path: Path, written: Path) -> bool:
    """A second name for a file, where the disk can give one."""
    try:
        os.link(path, written)
    except OSError:
        return False
    return True


def _line(
    entry: Entry, name: str, audio: str, samples: int, snr: float | None, also: Sequence[str]
) -> dict[str, Any]:
    own = language_of(entry.locale)
    switched = also if foreign(entry.text, [own]) else ()
    return {
        "id": name,
        "audio_filepath": audio,
        "duration": round(samples / RATE, 5),
        "text": tidy(entry.text),
        "theme": "",
        "accent": entry.accent,
        "locale": entry.locale,
        "languages": list(dict.fromkeys([own, *switched])),
        "pattern": "",
        "engine": ENGINE,
        "voice": entry.speaker,
        "speaker": entry.speaker,
        "traits": entry.traits,
        "snr": None,  # of noise that was laid over it
        "noise": "",
        "words": [],
        "recorded_snr": snr,
        "source": {"where": entry.where, "audio": entry.audio, "begin": entry.begin},
    }
