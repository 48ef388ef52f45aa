"""Tables and pictures of what readers made of clips; no sounds. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkover.core.report import Estimate, Listing
from talkover.core.report.resampling import mean
from talkover.trainer.evaluation.pictures import Bar, Rows
from talkover.trainer.evaluation.trained.board import (
    ANY,
    CAPPED,
    DELETIONS,
    KINDS,
    PHONES,
    REPEATS,
    UNENDED,
    WORDS,
    Board,
    Kind,
)
from talkover.trainer.evaluation.trained.clips import Clip
from talkover.trainer.evaluation.trained.counts import Counts
from talkover.trainer.evaluation.trained.figures import Headline, headlines
from talkover.trainer.evaluation.trained.material import CONVERSATIONS, DIALECTS, ENGINE, SILENCE

BANDS: Final = ("no noise", "20 dB or more", "10 to 20 dB", "0 to 10 dB", "below 0 dB")
NOTHING: Final = "∅"
"""Stands for a sound that was not heard, or not said."""
_EDGES: Final = (20.0, 10.0, 0.0)
_MOST: Final = 24
"""Sounds in the confusion map."""


class Confusion(NamedTuple):
    """Which sounds are taken for which.

    Attributes:
        said: Sounds, those with most errors first.
        heard: Sounds.
        shares: Of the times that a sound was said, how often it was taken for another one; NaN
            where it was heard right: [said, heard].
    """

    said: tuple[str, ...]
    heard: tuple[str, ...]
    shares: NDArray[np.float64]


def band(clip: Clip) -> str:
    """How loud the noise is."""
    if clip.snr is None:
        return BANDS[0]
    louder = sum(clip.snr < edge for edge in _EDGES)
    return BANDS[1 + louder]


def by_condition(board: Board) -> Listing:
    """Each accent, pattern, language and kind, and how each reader fares."""
    heads = [f"{kind.name}, {reader}" for reader in board.readers for kind in (WORDS, PHONES)]
    rows = []
    for name, some in _grouped(board.some(lambda clip: bool(clip.words)), _place).items():
        cells = [_cell(some, kind, at) for at in _readers(board) for kind in (WORDS, PHONES)]
        rows.append((name, str(len(some.clips)), *cells))
    return Listing("By condition (%, with 95 % intervals)", ("", "clips", *heads), rows)


def by_band(board: Board) -> Listing:
    """The same by how loud the noise is, where that is mixed."""
    some = board.some(_mixed)
    heads = [f"{kind.name}, {reader}" for reader in board.readers for kind in (WORDS, DELETIONS)]
    rows = [
        (
            name,
            str(len(part.clips)),
            *(_cell(part, kind, at) for at in _readers(board) for kind in (WORDS, DELETIONS)),
        )
        for name, part in _banded(some).items()
    ]
    return Listing("By signal-to-noise ratio (%)", ("voice over noise", "clips", *heads), rows)


def by_kind(board: Board) -> Listing:
    """Every sort of error of every reader in every set."""
    rows = []
    for name, some in _grouped(board, _sounded).items():
        for kind in KINDS if some.rates(WORDS).groups else (ANY, REPEATS, UNENDED):
            cells = [_cell(some, kind, at) for at in _readers(board)]
            if any(cells):
                rows.append((name, kind.name, *cells))
    return Listing("By sort of error", ("set", "error", *board.readers), rows)


def speeds(board: Board) -> Listing:
    """Seconds that readers took; in batches, beside whatever else ran."""
    rows = []
    for reader in board.readers:
        taken = [one.read.seconds for one in board.rows[reader]]
        if taken:
            p50, p90 = np.percentile(taken, [50, 90])
            rows.append((reader, f"{p50:.2f}", f"{p90:.2f}", f"{sum(taken):.0f}"))
    title = "Seconds of reading a clip, one thread, in batches"
    return Listing(title, ("reader", "half of them", "nine of ten", "all together"), rows)


def condition_bars(board: Board) -> Rows:
    """Errors of accents and patterns, each utterance up to 100 %."""
    return _bars(_grouped(board.of(DIALECTS), lambda clip: clip.condition), CAPPED)


def band_bars(board: Board) -> Rows:
    """The same by how loud the noise is."""
    return _bars(_banded(board.some(_mixed)), CAPPED)


def reductions(board: Board, base: str, chosen: Callable[[Headline], bool]) -> Rows:
    """How much less each reader has than a first one, in percent of that.

    Args:
        board: Of the readers.
        base: The first one.
        chosen: Which figures.
    """
    first = board.readers.index(base)
    rows: dict[str, dict[str, Bar]] = {}
    for name, one in headlines(board).items():
        if not chosen(one):
            continue
        found = {
            reader: one.reduction(first, place)
            for place, reader in enumerate(board.readers)
            if place != first
        }
        rows[name] = {
            reader: _bar(less) for reader, less in found.items() if np.isfinite(less.value)
        }
    return {name: row for name, row in rows.items() if row}


def confusion(counts: Sequence[Counts], most: int = _MOST) -> Confusion:
    """Which sounds a reader takes for which, those with most errors.

    Args:
        counts: Of one reader.
        most: Sounds at most, on each side.
    """
    pairs = Counter(pair for one in counts for pair in one.confused)
    wrong = {pair: times for pair, times in pairs.items() if pair[0] != pair[1]}
    said, heard = (_often(wrong, side)[:most] for side in (0, 1))
    times = Counter[str]()
    for (sound, _), count in pairs.items():
        times[sound] += count
    shares = np.array(
        [
            [np.nan if one == other else pairs[one, other] / max(times[one], 1) for other in heard]
            for one in said
        ]
    ).reshape(len(said), len(heard))
    names = [tuple(sound or NOTHING for sound in some) for some in (said, heard)]
    return Confusion(names[0], names[1], shares)


def confused(counts: Sequence[Counts], count: int = 15) -> Listing:
    """The pairs of sounds that are confused most often."""
    pairs = Counter(pair for one in counts for pair in one.confused if pair[0] != pair[1])
    rows = [
        (said or NOTHING, heard or NOTHING, str(times))
        for (said, heard), times in sorted(pairs.items(), key=lambda one: (-one[1], one[0]))[:count]
    ]
    return Listing("Sounds that are confused most often", ("said", "heard", "times"), rows)


def _often(wrong: Mapping[tuple[str, str], int], side: int) -> list[str]:
    times = Counter[str]()
    for pair, count in wrong.items():
        times[pair[side]] += count
    return sorted(times, key=lambda sound: (-times[sound], sound))


def _grouped(board: Board, by: Callable[[Clip], str]) -> dict[str, Board]:
    names = dict.fromkeys(map(by, board.clips))
    return {name: board.some(lambda clip, name=name: by(clip) == name) for name in names}  # type: ignore[misc]


def _banded(board: Board) -> dict[str, Board]:
    found = _grouped(board, band)
    return {name: found[name] for name in BANDS if name in found}


def _bars(boards: Mapping[str, Board], kind: Kind) -> Rows:
    return {
        name: {reader: _bar(_rate(some, kind, place)) for place, reader in enumerate(some.readers)}
        for name, some in boards.items()
        if some.rates(kind).groups
    }


def _bar(one: Estimate) -> Bar:
    return Bar(one.value, one.interval, f"{one} %")


def _cell(board: Board, kind: Kind, reader: int) -> str:
    """Empty where there was nothing to get right."""
    one = _rate(board, kind, reader)
    return str(one) if one.n else ""


def _rate(board: Board, kind: Kind, reader: int) -> Estimate:
    factor = 100.0 if kind.unit == "%" else 1.0
    return board.rates(kind).of(mean, reader).times(factor)


def _readers(board: Board) -> range:
    return range(len(board.readers))


def _mixed(clip: Clip) -> bool:
    return clip.material in (DIALECTS, ENGINE)


def _place(clip: Clip) -> str:
    return ", ".join(_parts(clip, clip.condition))


def _sounded(clip: Clip) -> str:
    return ", ".join(_parts(clip))


def _parts(clip: Clip, *more: str) -> tuple[str, ...]:
    alone = clip.material in (DIALECTS, ENGINE, SILENCE, CONVERSATIONS)
    return (clip.material, *more) if alone else (clip.material, *more, clip.sound)
