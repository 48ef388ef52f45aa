"""A recording from the disk: found inside its source, whole, as it is."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from talkover.trainer.data.importing.checks import Limits, Sound, claim_findings, length_findings
from talkover.trainer.data.importing.entries import Entry, Finding, Reason

_SHORT: Final = re.compile(r"(?:data|SSND|Data Size|riff|Riff size) *: (\d+) \(should be (\d+)\)")
"""In libsndfile's log: bytes that the header of a WAV, AIFF, AU, W64 or RF64 claims, and those that
there are."""
_STREAMED: Final = 0x7FFFFF00
"""Sizes from here on are left by writers that could not go back to the header."""
_NO_LENGTH: Final = 1 << 62  # frames
_TAIL: Final = 1 << 16
_LAST_PAGE: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """What an entry stands for.

    Attributes:
        sound: float32 [n, channels], full scale 1.
        rate: Hz.
        plain: The file is this sound and nothing else, in 16-bit FLAC.
    """

    sound: Sound
    rate: int
    plain: bool


def inside(root: Path, audio: str) -> Path | Finding:
    """Where a recording is, links followed; a finding if that is not under the root.

    Args:
        root: Resolved.
        audio: Absolute, or from the root.
    """
    try:
        path = (root / audio).resolve()
        found = path.is_file()
    except (OSError, ValueError, RuntimeError):
        return Finding(Reason.BAD_LINE, "no path that there can be")
    if not path.is_relative_to(root):
        return Finding(Reason.OUTSIDE, f"not under {root}; if that is right, give --root")
    return path if found else Finding(Reason.MISSING, "no such file")


def load(path: Path, entry: Entry, limits: Limits) -> Loaded | list[Finding]:
    """The sound of an entry, or why it cannot be had.

    Nothing is read of what is too long: memory is bounded by the longest utterance.

    Args:
        path: Of the recording.
        entry: Which part of it.
        limits: What is accepted.
    """
    if not path.stat().st_size:
        return [Finding(Reason.NO_AUDIO, "no bytes")]
    try:
        file = soundfile.SoundFile(path)
    except (OSError, soundfile.SoundFileError, TypeError) as error:
        return [Finding(Reason.NO_AUDIO, _first_line(error))]
    with file:
        if cut := _cut_off(path, file):
            return [cut]
        if file.frames >= _NO_LENGTH:
            return [Finding(Reason.INCOMPLETE, "its header tells no length; write it again")]
        if file.channels > limits.most_channels:
            return [Finding(Reason.CHANNELS, f"{file.channels} of them")]
        whole = file.frames / file.samplerate
        seconds = whole - entry.begin if entry.seconds is None else entry.seconds
        found = claim_findings(entry, whole, file.samplerate, limits)
        found += length_findings(seconds, limits)
        if found:
            return found
        return _part(file, entry, seconds, whole)


def _part(
    file: soundfile.SoundFile, entry: Entry, seconds: float, whole: float
) -> Loaded | list[Finding]:
    begin = round(entry.begin * file.samplerate)
    count = min(round(seconds * file.samplerate), file.frames - begin)
    try:
        if begin:
            file.seek(begin)
        sound = file.read(count, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        return [Finding(Reason.INCOMPLETE, _first_line(error))]
    if len(sound) < count:
        got = (begin + len(sound)) / file.samplerate
        return [Finding(Reason.INCOMPLETE, f"breaks off at {got:.2f} s of {whole:.2f} s")]
    if entry.channel is not None:
        if entry.channel >= sound.shape[1]:
            return [Finding(Reason.CHANNELS, f"no channel {entry.channel}; it has {file.channels}")]
        sound = sound[:, entry.channel : entry.channel + 1]
    plain = (file.format, file.subtype) == ("FLAC", "PCM_16") and count == file.frames
    return Loaded(np.ascontiguousarray(sound), file.samplerate, plain and file.channels == 1)


def _cut_off(path: Path, file: soundfile.SoundFile) -> Finding | None:
    """Whether a file ends before it should, where libsndfile only notes it and reads on."""
    for claimed, there in _SHORT.findall(file.extra_info):
        if int(there) < int(claimed) < _STREAMED:
            return Finding(Reason.INCOMPLETE, f"{there} of {claimed} bytes")
    if file.format == "OGG" and not _ended(path):
        return Finding(Reason.INCOMPLETE, "its last page is missing")
    return None


def _ended(path: Path) -> bool:
    """The last page of an Ogg stream says that it is the last."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL, 0))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return 0 <= page < len(tail) - 5 and bool(tail[page + 5] & _LAST_PAGE)


def _first_line(error: Exception) -> str:
    """What libsndfile says, without the path that it may begin with."""
    return str(error).splitlines()[0].rsplit(": ", 1)[-1] if str(error) else type(error).__name__
