"""Readers write down the very same clips; what they wrote is kept as it comes.

A file a reader and a set, so that a reader that comes later reads what the others have read, and
nothing is read twice.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple, Self

from talkover.core.errors import DataError
from talkover.trainer.data.mouths import Sound
from talkover.trainer.evaluation.ahead import ahead
from talkover.trainer.evaluation.kept import Kept
from talkover.trainer.evaluation.trained.clips import Clip, Read, from_plain, to_plain
from talkover.trainer.evaluation.trained.material import Material
from talkover.trainer.evaluation.trained.readers import Reader, Writer

_AT_ONCE: Final = 8  # clips
_FILE: Final = re.compile(r"[^\w.-]+")

Readings = Mapping[str, Kept[Read]]
"""What there is of a set, by reader."""


class _Heard(NamedTuple):
    clip: Clip
    pcm: Sound

    @classmethod
    def of(cls, clip: Clip, pcm: Sound) -> Self:
        """With a digest, so that nobody hears it otherwise later without its being noticed."""
        digest = sha256(pcm.tobytes()).hexdigest()[:16]
        return cls(replace(clip, sha256=digest), pcm)


class Opened:
    """Writers of readers, each loaded when it is first asked.

    Args:
        readers: Whose.
    """

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = {reader.name: reader for reader in readers}
        self._writers: dict[str, Writer] = {}

    def __getitem__(self, name: str) -> Writer:
        if name not in self._writers:
            self._writers[name] = self._readers[name].open()
        return self._writers[name]


def open_readings(folder: Path | None, material: Material, readers: Sequence[Reader]) -> Readings:
    """What has been kept of a set, to be gone on with.

    Args:
        folder: ``FOLDER/READER/SET.jsonl`` are the files; None: nothing is kept.
        material: The set.
        readers: Side by side.

    Raises:
        DataError: a file is of other clips, or of a reader with other weights or windows.
    """
    return {
        reader.name: Kept(
            folder and folder / _FILE.sub("-", reader.name) / f"{material.name}.jsonl",
            {"reader": reader.same, "set": material.name, "clips": material.same},
            to_plain,
            from_plain,
        )
        for reader in readers
    }


def read_all(
    material: Material,
    numbers: Sequence[int],
    readings: Readings,
    writers: Mapping[str, Writer] | Opened,
    tick: Callable[[int], None] = lambda _count: None,
) -> None:
    """Have every reader write down what it has not yet.

    Args:
        material: What is heard; the next clips are made while those before are read.
        numbers: Of its clips.
        readings: Filled.
        writers: By the readers' names.
        tick: Told of how many more readings there are, those that were there first.

    Raises:
        ConfigError: a clip cannot be made.
        DataError: the same; or it sounds otherwise than when another reader heard it.
    """
    wanted = set(numbers)
    there = {
        name: {read.clip.number for read in kept.all} & wanted for name, kept in readings.items()
    }
    tick(sum(map(len, there.values())))
    missing = [number for number in numbers if any(number not in some for some in there.values())]
    known = {read.clip.number: read.clip for kept in readings.values() for read in kept.all}
    batches = [missing[at : at + _AT_ONCE] for at in range(0, len(missing), _AT_ONCE)]
    for made in ahead(batches, lambda some: [_Heard.of(*material.make(one)) for one in some]):
        _refuse_others(made, known)
        for name, kept in readings.items():
            mine = [one for one in made if one.clip.number not in there[name]]
            if mine:
                kept.add(_read(writers[name], mine))
                tick(len(mine))


def _refuse_others(made: Sequence[_Heard], known: Mapping[int, Clip]) -> None:
    """Clips are made by code and programs that may have changed since."""
    for one in made:
        if known.get(one.clip.number, one.clip) != one.clip:
            raise DataError(
                f"clip {one.clip.number} of {one.clip.material} is not what another reader has "
                "heard: it is made otherwise now; name another folder for readings"
            )


def _read(writer: Writer, heard: Sequence[_Heard]) -> list[Read]:
    begin = time.perf_counter()
    written = writer.write([one.pcm for one in heard], [one.clip.language for one in heard])
    share = (time.perf_counter() - begin) / len(heard)
    return [
        Read(one.clip, text.text, text.complete, round(share, 4))
        for one, text in zip(heard, written, strict=True)
    ]
