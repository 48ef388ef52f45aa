"""Recordings with known texts, read from files, and what becomes of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr

from talkover.core.clock import RATE
from talkover.core.errors import AudioError, DataError
from talkover.trainer.data.aligning.aligner import LONGEST, Aligner, Alignment
from talkover.trainer.data.aligning.phonemes import said_words, words_of
from talkover.trainer.data.lines import Sound

_NAME: Final = "ear.safetensors"
_FOLDER: Final = "aligner"


@dataclass(frozen=True, slots=True)
class Job:
    """A recording and its text.

    Attributes:
        name: Of the utterance.
        audio: Its file.
        words: Each with its language.
        accent: Of the English ones; empty where it is not known.
        line: Of the manifest it is from.
    """

    name: str
    audio: Path
    words: tuple[tuple[str, str], ...]
    accent: str
    line: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """A job with its words' times, and the sound: float32 [n] at 16 kHz."""

    job: Job
    pcm: Sound
    found: Alignment


def ear_of(data_dir: Path) -> Path:
    """Where the ear is kept that nobody has named."""
    return data_dir / _FOLDER / _NAME


def job_of(audio: Path, text: str, language: str, accent: str) -> Job:
    """One recording."""
    words = tuple((word, language) for word in words_of(text))
    return Job(audio.stem, audio, words, accent, {})


def jobs_of(manifest: Path, language: str, accent: str) -> Iterator[Job]:
    """Those of a manifest: lines as NeMo has them, or ours, which know each word's language.

    Args:
        manifest: JSONL; paths in it are from its folder.
        language: Of lines that do not tell.
        accent: Of those, too.

    Raises:
        DataError: it cannot be read, or a line cannot be used; the message says which.
    """
    try:
        lines = manifest.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{manifest} cannot be read: {error}") from None
    for number, text in enumerate(lines, start=1):
        try:
            line = json.loads(text)
            audio = manifest.parent / line["audio_filepath"]
            words = line.get("words") or [{"text": word} for word in words_of(line["text"])]
            spoken = (line.get("languages") or [line.get("language") or language])[0]
            said = tuple((str(w["text"]), str(w.get("language") or spoken)) for w in words)
            name = str(line.get("id", audio.stem))
            yield Job(name, audio, said, str(line.get("accent") or accent), line)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"{manifest}, line {number}: no utterance ({type(error).__name__}: {error})"
            ) from None


def do(job: Job, aligner: Aligner) -> Done:
    """Read a recording and lay its words on it.

    Raises:
        AudioError: the recording cannot be read.
        ConfigError: eSpeak NG is not installed, or does not know the language.
        DataError: the sound is too long, or too short for the words, or these cannot be read.
    """
    pcm = read_sound(job.audio)
    found = aligner.align(pcm, said_words(job.words, job.accent))
    words = tuple(
        replace(word, language=language)
        for word, (_, language) in zip(found.words, job.words, strict=True)
    )
    return Done(job, pcm, replace(found, words=words))


def read_sound(path: Path) -> Sound:
    """A file of any rate, its channels as one: float32 [n] at 16 kHz.

    Raises:
        AudioError: it cannot be read, or is too long.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames > LONGEST * file.samplerate:
                raise AudioError(f"{path} is longer than {LONGEST} s; cut it")
            sound, rate = file.read(dtype="float32", always_2d=True).mean(axis=1), file.samplerate
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path} cannot be read: {error}") from None
    return np.asarray(soxr.resample(sound, rate, RATE), np.float32)


def dumped(done: Done, words: list[dict[str, Any]]) -> dict[str, Any]:
    """A line of a manifest: all that it had, with the words that were found."""
    text = " ".join(word for word, _ in done.job.words)
    told = {"id": done.job.name, "audio_filepath": str(done.job.audio), "text": text}
    seconds = round(len(done.pcm) / RATE, 5)
    return {
        **told,
        "duration": seconds,
        **done.job.line,
        "fit": round(done.found.fit, 3),
        "words": words,
    }
