"""Sets drawn from a manifest: read once for what there is, and once for the lines that are kept."""

import json
import os
import tomllib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import DataError
from talkover.core.weights.disk import write_atomically
from talkover.trainer.data.curating.drawing import Cell, Drawn, Pool, draw, shares
from talkover.trainer.data.curating.samples import UNKNOWN, Facet, read_manifest

EVEN: Final = "even"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of a cell (seconds).

    Attributes:
        cell: Values of the facets.
        there: In the manifest.
        wanted: By the target.
        drawn: In all.
        repeated: Of these, what was there before.
    """

    cell: Cell
    there: float
    wanted: float
    drawn: float
    repeated: float

    @property
    def missing(self) -> float:
        """What could not be reached."""
        return max(self.wanted - self.drawn, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """A manifest without its words: some 30 bytes an utterance."""

    offsets: NDArray[np.int64]
    seconds: NDArray[np.float64]
    values: NDArray[np.int32]  # [n, facets], places in names
    speakers: NDArray[np.int32]
    names: list[list[str]]


def read_target(given: str, by: Sequence[Facet]) -> list[dict[str, float]]:
    """Weights by facet, of a TOML file with a table for each facet; ``even`` weighs all the same.

    Raises:
        DataError: the file cannot be used.
    """
    if given == EVEN:
        return [{} for _ in by]
    try:
        tables = tomllib.loads(Path(given).read_text("utf-8"))
        unknown = tables.keys() - {facet.value for facet in by}
        if unknown:
            raise DataError(f"{given} has [{', '.join(sorted(unknown))}], which --by does not")
        return [
            {str(value): float(weight) for value, weight in tables.get(facet.value, {}).items()}
            for facet in by
        ]
    except (OSError, AttributeError, TypeError, ValueError) as error:
        raise DataError(
            f"{given} is no target ({error}); it is 'even', or a TOML file with a table of weights "
            "for each facet, such as [accent] scottish = 2"
        ) from None


def balance(
    manifest: Path,
    out: Path,
    by: Sequence[Facet],
    target: Sequence[Mapping[str, float]],
    *,
    seconds: float,
    split: str = "",
    speaker: float = 1.0,
    repeats: int = 2,
    seed: int = 0,
) -> list[Row]:
    """Draw a set, and write its manifest.

    Args:
        manifest: To draw from.
        out: Manifest to write; its paths lead to the same audio.
        by: What is balanced.
        target: Weights for each of these.
        seconds: Of the whole set.
        split: Draw from this one alone; empty: from all.
        speaker: Share of the set that one person may say at most.
        repeats: How often an utterance may come again.
        seed: Of the draw.

    Returns:
        What became of each cell.

    Raises:
        DataError: the manifest cannot be used, or nothing is wanted of what it has.
    """
    index = _read(manifest, by, split)
    wanted = shares(index.names, target)
    cells = {cell: place for place, cell in enumerate(wanted)}
    places = np.array(
        [
            cells.get(tuple(index.names[k][v] for k, v in enumerate(row)), -1)
            for row in index.values.tolist()
        ],
        np.int32,
    )
    quotas = np.array(list(wanted.values())) * seconds
    pool = Pool(places, index.seconds, index.speakers)
    drawn = draw(pool, quotas, speaker=speaker * seconds, repeats=repeats, seed=seed)
    with manifest.open("rb") as file:
        write_atomically(out, _lines(file, index.offsets, drawn, manifest.parent, out.parent))
    inside = places >= 0
    there = np.bincount(places[inside], index.seconds[inside], len(cells))
    return [
        Row(
            cell,
            *(float(figure[place]) for figure in (there, quotas, drawn.seconds, drawn.repeated)),
        )
        for cell, place in cells.items()
    ]


def _read(manifest: Path, by: Sequence[Facet], split: str) -> _Index:
    offsets, seconds = array("q"), array("d")
    values, speakers = array("i"), array("i")
    known: list[dict[str, int]] = [{} for _ in by]
    people: dict[str, int] = {}
    for offset, sample in read_manifest(manifest):
        if split and sample.facets[Facet.SPLIT] != split:
            continue
        offsets.append(offset)
        seconds.append(sample.seconds)
        for facet, names in zip(by, known, strict=True):
            values.append(names.setdefault(sample.facets[facet], len(names)))
        who = sample.facets[Facet.SPEAKER]
        speakers.append(-1 if who == UNKNOWN else people.setdefault(who, len(people)))
    if not offsets:
        raise DataError(f"{manifest} has no utterance{f' of {split}' if split else ''}")
    return _Index(
        np.array(offsets, np.int64),
        np.array(seconds, np.float64),
        np.array(values, np.int32).reshape(len(offsets), len(by)),
        np.array(speakers, np.int32),
        [list(names) for names in known],
    )


def _lines(
    file: BinaryIO, offsets: NDArray[np.int64], drawn: Drawn, source: Path, folder: Path
) -> Iterator[bytes]:
    """Lines as they were, but for where the audio is from here, and names of those drawn again."""
    for pick, copy in zip(drawn.picks.tolist(), drawn.copies.tolist(), strict=True):
        file.seek(int(offsets[pick]))
        line = json.loads(file.readline())
        audio = source / line["audio_filepath"]
        line["audio_filepath"] = Path(os.path.relpath(audio, folder)).as_posix()
        if copy and "id" in line:
            line["id"] = f"{line['id']}~{copy}"
        yield f"{json.dumps(line, ensure_ascii=False)}\n".encode()
