"""From readers and sets to a report; what was read so far is there at any time."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from talkover.core.closing import Closing
from talkover.core.report import Listing
from talkover.trainer.data.mouths import Sound
from talkover.trainer.evaluation.trained.board import Board
from talkover.trainer.evaluation.trained.clips import Clip
from talkover.trainer.evaluation.trained.counts import count_all
from talkover.trainer.evaluation.trained.figures import headlines
from talkover.trainer.evaluation.trained.material import Material
from talkover.trainer.evaluation.trained.readers import Reader
from talkover.trainer.evaluation.trained.reading import Opened, Readings, open_readings, read_all
from talkover.trainer.evaluation.trained.sets import Wanted, open_material
from talkover.trainer.evaluation.trained.tables import (
    by_band,
    by_condition,
    by_kind,
    confused,
    speeds,
)
from talkover.trainer.evaluation.trained.verdicts import Roles, differences, figures

Begin = Callable[[str, int], Callable[[int], None]]
"""Told of a set and how many readings it takes; gives what is told of each that is there."""


@dataclass(slots=True)
class Findings:
    """What has been read so far; filled as it goes, so that stopping early loses nothing.

    Attributes:
        readings: By set, and by reader.
        wanted: Numbers of clips, by set.
        about: What each set is.
    """

    readings: dict[str, Readings] = field(default_factory=dict)
    wanted: dict[str, frozenset[int]] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)

    def board(self, readers: Sequence[Reader]) -> Board:
        """Counts of what all of them have read.

        Raises:
            ConfigError: eSpeak NG is not installed.
        """
        return Board(
            {
                reader.name: count_all(
                    [
                        read
                        for name, readings in self.readings.items()
                        for read in readings[reader.name].all
                        if read.clip.number in self.wanted[name]
                    ]
                )
                for reader in readers
            }
        )


def learnt_by(readers: Sequence[Reader]) -> tuple[str, ...]:
    """Data recipes that any of them has learnt from."""
    return tuple(dict.fromkeys(name for reader in readers for name in reader.learnt))


def read_sets(
    wanted: Wanted,
    readers: Sequence[Reader],
    folder: Path | None,
    findings: Findings,
    begin: Begin,
) -> None:
    """Have all readers read all sets, those of which they have not read yet.

    Args:
        wanted: How much of what.
        readers: Side by side.
        folder: Where what they write is kept; None: nowhere.
        findings: Filled.
        begin: Told of each set.

    Raises:
        ConfigError: an engine is not installed, or recordings are not here.
        DataError: a file is of other readings, or everybody of the held-out engine was heard.
    """
    writers = Opened(readers)
    for name in wanted.sets:
        with open_material(name, wanted.seed, learnt_by(readers)) as material:
            numbers = material.numbers(wanted.of(name))
            readings = open_readings(folder, material, readers)
            findings.about[name] = material.about
            findings.wanted[name] = frozenset(numbers)
            findings.readings[name] = readings
            read_all(material, numbers, readings, writers, begin(name, len(numbers) * len(readers)))


class Sounds(Closing):
    """What is heard in clips, made once more.

    Args:
        seed: Of the sets.
        learnt: See ``open_material``.
    """

    def __init__(self, seed: int, learnt: Sequence[str]) -> None:
        self._seed, self._learnt = seed, learnt
        self._open = ExitStack()
        self._materials: dict[str, Material] = {}

    def close(self) -> None:
        """Nothing is made any more."""
        self._open.close()

    def __call__(self, clip: Clip) -> Sound:
        """Of a clip: float32 [n] at 16 kHz."""
        if clip.material not in self._materials:
            opened = open_material(clip.material, self._seed, self._learnt)
            self._materials[clip.material] = self._open.enter_context(opened)
        return self._materials[clip.material].make(clip.number)[1]


def listings(
    board: Board, roles: Roles, readers: Sequence[Reader], found: Findings
) -> list[Listing]:
    """Tables below the measures."""
    who = Listing(
        "Readers", ("reader", "which"), [(reader.name, reader.about) for reader in readers]
    )
    what = Listing("Sets", ("set", "what"), list(found.about.items()))
    return [
        *(who, what, figures(board), differences(board)),
        *(by_condition(board), by_band(board), by_kind(board)),
        *(confused(board.rows[roles.final]), speeds(board)),
    ]


def details(board: Board, readers: Sequence[Reader], tables: Sequence[Listing]) -> dict[str, Any]:
    """What lies behind the measures."""
    return {
        "readers": [
            {"name": one.name, "about": one.about, "same": one.same, "learnt": one.learnt}
            for one in readers
        ],
        "clips": len(board.clips),
        "figures": {
            name: {
                reader: {"unit": one.unit, **asdict(one.of(place))}
                for place, reader in enumerate(board.readers)
            }
            for name, one in headlines(board).items()
        },
        "tables": {one.title: {"columns": one.columns, "rows": one.rows} for one in tables},
    }
