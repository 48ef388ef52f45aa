"""A recording from the disk: found inside its source, whole, as it is."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import soundfile

from talkover.trainer.data.importing.checks import Limits, Sound, claim_findings, length_findings
from talkover.trainer.data.importing.entries import Entry, Finding, Reason

_UNKNOWN: Final = (0, 0xFFFFFFFF)
"""Sizes that a writer leaves in a WAV that it could not go back to."""
_NO_LENGTH: Final = 1 << 62  # frames
_CHUNKS: Final = 64
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
        if cut := _cut_off(path, file.format):
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


def _cut_off(path: Path, kind: str) -> Finding | None:
    """Whether a file ends before it should, where libsndfile would not say so."""
    with path.open("rb") as file:
        if kind in ("WAV", "WAVEX"):
            return _cut_off_wav(file, path.stat().st_size)
        if kind == "OGG":
            return _cut_off_ogg(file, path.stat().st_size)
    return None


def _cut_off_wav(file: BinaryIO, size: int) -> Finding | None:
    order = "<" if file.read(12)[:4] == b"RIFF" else ">"
    for _ in range(_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, length = head[:4], struct.unpack(f"{order}I", head[4:])[0]
        if name == b"data":
            there = size - file.tell()
            if length in _UNKNOWN or length <= there:
                return None
            return Finding(Reason.INCOMPLETE, f"{there} of {length} bytes of sound")
        file.seek(length + length % 2, 1)
    return None


def _cut_off_ogg(file: BinaryIO, size: int) -> Finding | None:
    """The last page of a stream says that it is the last."""
    file.seek(max(size - _TAIL, 0))
    tail = file.read()
    page = tail.rfind(b"OggS")
    if 0 <= page < len(tail) - 5 and tail[page + 5] & _LAST_PAGE:
        return None
    return Finding(Reason.INCOMPLETE, "its last page is missing")


def _first_line(error: Exception) -> str:
    """What libsndfile says, without the path that it may begin with."""
    return str(error).splitlines()[0].rsplit(": ", 1)[-1] if str(error) else type(error).__name__
