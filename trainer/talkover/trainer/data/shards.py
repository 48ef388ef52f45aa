"""What a process that makes sets does: one shard after another, until nobody waits for more."""

import io
import os
import threading
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkover.core.audio import to_int16
from talkover.core.clock import RATE
from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.dirt import GROUP, Made
from talkover.trainer.data.manifest import to_line
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split

SHARD: Final = GROUP
"""Utterances: those that are heard behind one another are made together."""


class Shard(NamedTuple):
    """Lines of a shard, and whether they were made now."""

    lines: str
    fresh: bool


class Maker:
    """Makes shards of one set.

    Args:
        recipe: What they are made of.
        split: Whose voices and sentences.
        out: The set's folder.
        clean: Only what is said.
        stop: Set when no more are wanted.
    """

    def __init__(
        self, recipe: Recipe, split: Split, out: Path, *, clean: bool, stop: Event
    ) -> None:
        self._studio = Studio(recipe, split)
        self._out = out
        self._clean = clean
        self._stop = stop

    def shard(self, number: int) -> Shard:
        """A shard, made unless it is there; an empty one when it was stopped."""
        listed = self._out / "shards" / f"{number:05d}.jsonl"
        with suppress(FileNotFoundError):
            return Shard(listed.read_text("utf-8"), fresh=False)
        folder = self._out / "audio" / f"{number:05d}"
        for one in (folder, listed.parent):
            one.mkdir(parents=True, exist_ok=True)
        lines = []
        for place in range(number * SHARD, (number + 1) * SHARD):
            if self._stop.is_set():
                return Shard("", fresh=True)
            made = self._make(place)
            path = folder / f"{made.clean.name}.flac"
            write_atomically(path, flac(to_int16(made.pcm)))
            lines.append(to_line(made, path.relative_to(self._out)))
        text = "".join(f"{line}\n" for line in lines)
        write_atomically(listed, text.encode())
        return Shard(text, fresh=True)

    def _make(self, number: int) -> Made:
        if not self._clean:
            return self._studio.utterance(number)
        said = self._studio.clean(number)
        return Made(said, said.pcm)


def flac(pcm: NDArray[np.int16]) -> bytes:
    """A file's content: int16 [n], or [n, lanes], at 16 kHz."""
    file = io.BytesIO()
    soundfile.write(file, pcm, RATE, format="FLAC")
    return file.getvalue()


_makers: list[Maker] = []


def begin(recipe: Recipe, split: Split, out: Path, clean: bool, stop: Event) -> None:
    """Make ready a process of a pool; it ends with the one that began it, however that ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _makers.append(Maker(recipe, split, out, clean=clean, stop=stop))


def make_shard(number: int) -> Shard:
    """A shard, in a process that was made ready.

    Raises:
        DataError: it was not.
    """
    if not _makers:
        raise DataError("this process was not made ready for making shards")
    return _makers[0].shard(number)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
