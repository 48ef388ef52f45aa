"""Synthetic voices for scripts: eSpeak NG, Flite and Festival, run as programs."""

import io
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which
from typing import Final, Literal

import numpy as np
import soundfile
import soxr

from talkover.client.bench.duplex.clips import Clip, levelled
from talkover.core.clock import RATE
from talkover.core.errors import ConfigError
from talkover.core.words.hums import hummed

SETUP: Final = "sh scripts/bench_setup.sh"
"""What fetches everything."""
_PATIENCE: Final = 30.0  # seconds
_PROGRAMS: Final = {"espeak": "espeak-ng", "flite": "flite", "festival": "text2wave"}


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A synthetic voice.

    Attributes:
        engine: Which program.
        name: The voice, as the program calls it.
        language: ISO 639-1.
        speed: Words a minute (eSpeak only).
        pitch: 0 to 99 (eSpeak only).
    """

    engine: Literal["espeak", "flite", "festival"]
    name: str
    language: str = "en"
    speed: int = 165
    pitch: int = 50

    def __str__(self) -> str:
        return f"{self.engine} {self.name}"


@cache
def speak(voice: Synthetic, text: str) -> Clip:
    """Say a text: the same samples for the same voice and text, trimmed and levelled.

    Raises:
        ConfigError: the program or the voice is missing.
    """
    program = which(_PROGRAMS[voice.engine])
    if program is None:
        raise ConfigError(f"{_PROGRAMS[voice.engine]} is not installed; run {SETUP}")
    data = _run(_command(voice, program, text), voice, text)
    try:
        sound, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    except soundfile.SoundFileError:
        raise ConfigError(f"the voice {voice} is not installed; run {SETUP}") from None
    if rate != RATE:
        sound = soxr.resample(sound, rate, RATE)
    pcm = levelled(np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype(np.int16))
    if not len(pcm):
        raise ConfigError(f"the voice {voice} is silent; run {SETUP}")
    return Clip(pcm, text, str(voice), voice.language)


def _command(voice: Synthetic, program: str, text: str) -> list[str]:
    if voice.engine == "espeak":
        pace = ["-s", str(voice.speed), "-p", str(voice.pitch)]
        return [program, "-v", voice.name, *pace, "--stdout", "--", hummed(text) or text]
    if voice.engine == "flite":
        return [program, "-voice", voice.name, "-t", text, "-o", "{out}"]
    return [program, "-eval", f"(voice_{voice.name})", "-o", "{out}"]


def _run(command: Sequence[str], voice: Synthetic, text: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="talkover-voice-") as folder:
        out = Path(folder) / "said.wav"
        ended = subprocess.run(
            [part.format(out=out) if part == "{out}" else part for part in command],
            input=text.encode() if voice.engine == "festival" else None,
            stdin=None if voice.engine == "festival" else subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        if voice.engine == "espeak":
            return ended.stdout
        return out.read_bytes() if out.is_file() else b""
