"""What a listener makes of an accent before and after, side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from talkover.core.report import Listing, Measure
from talkover.trainer.adapting.learn import ARMS
from talkover.trainer.evaluation.trained.board import CAPPED, WORDS, Board
from talkover.trainer.evaluation.trained.evaluate import Findings
from talkover.trainer.evaluation.trained.figures import Headline
from talkover.trainer.evaluation.trained.material import Material
from talkover.trainer.evaluation.trained.readers import STOCK, Reader
from talkover.trainer.evaluation.trained.reading import Opened, open_readings, read_all
from talkover.trainer.evaluation.trained.verdicts import from_to, measure_of

BEFORE: Final = "before"
"""What the reader is called that never heard the accent."""
_BAR: Final = 20.0
"""Percent of its word errors that a listener has to lose."""


def compare(
    material: Material,
    numbers: Sequence[int],
    readers: Sequence[Reader],
    readings: Path,
    tick: Callable[[int], None],
) -> Board:
    """Have all readers write down the same clips.

    Args:
        material: Of the accent.
        numbers: Of its clips.
        readers: Side by side.
        readings: Folder where what they write is kept.
        tick: Told how many more readings there are.

    Raises:
        ConfigError: an engine is not installed.
        DataError: the folder has readings of something else.
    """
    kept = open_readings(readings, material, readers)
    read_all(material, numbers, kept, Opened(readers), tick)
    return Findings({material.name: kept}, {material.name: frozenset(numbers)}).board(readers)


def measures(board: Board, accent: str) -> list[Measure]:
    """What each arm has less than before, and what rewards have more than supervision. Pure."""
    words, names = Headline(accent, board.rates(WORDS)), board.readers
    found = []
    for arm in ARMS:
        one = words.reduction(names.index(BEFORE), names.index(arm))
        found.append(
            measure_of(
                f"word errors, {accent}: less after {arm} than before",
                one,
                "%",
                bar=f">= {_BAR:g}",
                met=one.value >= _BAR,
                note=from_to(words, names.index(BEFORE), names.index(arm)),
            )
        )
        if STOCK in names:
            capped = Headline(accent, board.rates(CAPPED))
            one = capped.reduction(names.index(STOCK), names.index(arm))
            found.append(
                measure_of(
                    f"word errors, {accent}, each utterance up to 100 %: less after {arm} than "
                    "stock",
                    one,
                    "%",
                    note=from_to(capped, names.index(STOCK), names.index(arm)),
                )
            )
    first, second = (names.index(arm) for arm in ARMS)
    one = words.points(second, first)
    name = f"word errors, {accent}: {ARMS[0]} minus {ARMS[1]}"
    found.append(measure_of(name, one, "points"))
    return found


def figures(board: Board) -> Listing:
    """Word errors of every reader. Pure."""
    tables = [Headline(kind.name, board.rates(kind)) for kind in (WORDS, CAPPED)]
    rows = [
        (one.name, *(str(one.of(place)) for place in range(len(board.readers)))) for one in tables
    ]
    return Listing("Word errors (95 %)", ("figure", *board.readers), rows)
