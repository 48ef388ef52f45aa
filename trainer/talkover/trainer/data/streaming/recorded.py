"""A manifest's recordings as the source of a stream."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.trainer.data.clean import Clean, in_steps
from talkover.trainer.data.dirt import Made, dirtied, neighbours
from talkover.trainer.data.lines import Line
from talkover.trainer.data.manifest import from_line
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe

_LONGEST: Final = 120  # seconds
_WRONG: Final = (KeyError, TypeError, ValueError, OSError, soundfile.SoundFileError)


class Recorded:
    """A manifest's recordings, with what a recipe lays over them.

    Only the places of its lines are kept; a line and its audio are read when they are wanted.

    Args:
        manifest: JSONL; each line has an ``audio_filepath``, absolute or from its folder, and may
            have ``offset`` and ``duration`` (seconds) and whatever ours have.
        dirt: Of which only the noise counts; None: they are heard as they are.

    Raises:
        DataError: it cannot be read.
    """

    chunk = 8

    def __init__(self, manifest: Path, dirt: Recipe | None = None) -> None:
        self._manifest = manifest
        self._dirt = dirt
        self._starts = _line_starts(manifest)

    @property
    def count(self) -> int:
        """Lines."""
        return len(self._starts)

    def make(self, number: int, epoch: int) -> Made:
        """Line ``number``; see ``Source``."""
        said, line = self._read(number)
        if self._dirt is None:
            known = Line(**line.get("line", {}))
            return Made(said, said.pcm, line.get("snr"), str(line.get("noise", "")), known)
        if line.get("noise"):
            raise DataError(
                f"{self._manifest} has noise in it already; stream it without a recipe, or make "
                "it with --clean"
            )
        others = neighbours(number, self.count)
        return dirtied(self._dirt, said, others, self._sound, epoch=epoch)

    def close(self) -> None:
        """Nothing is open between two utterances."""

    def _sound(self, number: int) -> Sound:
        return self._read(number)[0].pcm

    def _read(self, number: int) -> tuple[Clean, dict[str, Any]]:
        try:
            with self._manifest.open("rb") as file:
                file.seek(int(self._starts[number]))
                line: dict[str, Any] = json.loads(file.readline())
            pcm = _audio(self._manifest.parent / line["audio_filepath"], line)
            return from_line(line, f"{self._manifest.stem}-{number:07d}", pcm), line
        except _WRONG as error:
            raise DataError(
                f"{self._manifest}, line {number + 1}, cannot be streamed: {error!r}; take it out, "
                "or import the set with `talkover data import`, which lists what is damaged"
            ) from None


def _line_starts(manifest: Path) -> NDArray[np.int64]:
    """Where each line that is not empty begins (bytes)."""
    starts, place = [], 0
    try:
        with manifest.open("rb") as file:
            for line in file:
                if line.strip():
                    starts.append(place)
                place += len(line)
    except OSError as error:
        raise DataError(f"{manifest} cannot be read: {error}") from None
    return np.array(starts, np.int64)


def _audio(path: Path, line: dict[str, Any]) -> Sound:
    """What a line is about: float32 [n] at 16 kHz, in steps of 16 bits."""
    with soundfile.SoundFile(path) as file:
        rate = file.samplerate
        first = round(float(line.get("offset") or 0.0) * rate)
        count = round(float(line["duration"]) * rate) if "offset" in line else -1
        most = _LONGEST * rate
        if (file.frames - first if count < 0 else count) > most:
            raise ValueError(f"it is longer than {_LONGEST} s")
        file.seek(first)
        heard = file.read(count, dtype="float32", always_2d=True)
    mono = heard[:, 0] if heard.shape[1] == 1 else heard.mean(axis=1)
    return in_steps(mono if rate == RATE else soxr.resample(mono, rate, RATE))
