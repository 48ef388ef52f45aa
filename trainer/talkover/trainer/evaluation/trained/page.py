"""The report's page: pictures, the confusion map, and the worst to listen to."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from talkover.core.report import Listing, Section
from talkover.trainer.data.mouths import Sound
from talkover.trainer.evaluation.accents_page import opus
from talkover.trainer.evaluation.pictures import STYLE, bars, forest, heat_map
from talkover.trainer.evaluation.trained.board import Board
from talkover.trainer.evaluation.trained.clips import Clip
from talkover.trainer.evaluation.trained.counts import Counts
from talkover.trainer.evaluation.trained.figures import HEARD_BY
from talkover.trainer.evaluation.trained.tables import (
    NOTHING,
    band_bars,
    condition_bars,
    confusion,
    reductions,
)
from talkover.trainer.evaluation.trained.verdicts import Roles

WORST: Final = 12
"""Clips to listen to."""
_EACH: Final = 2
"""Of these at most so many of one condition."""


def sections(
    board: Board, roles: Roles, sound: Callable[[Clip], Sound], listings: Sequence[Listing]
) -> list[Section]:
    """All below the measures.

    Args:
        board: Of the readers.
        roles: Who is who.
        sound: What is heard in a clip.
        listings: Tables.
    """
    first = bars(condition_bars(board), _UP_TO, board.readers)
    second = bars(band_bars(board), _UP_TO, board.readers)
    found = [
        Section("Word errors by accent and pattern (%)", STYLE + first),
        Section("Word errors by signal-to-noise ratio (%)", second),
    ]
    if roles.stock is not None and len(board.readers) > 1:
        rows = reductions(board, roles.stock, lambda one: one.name in HEARD_BY)
        about = f"percent less than {roles.stock}, with 95 % intervals; left of the line: more"
        found.append(
            Section(f"Against {roles.stock}", forest(rows, about, board.readers, least=_MORE))
        )
    for reader in dict.fromkeys([roles.stock or roles.final, roles.final]):
        map_of = confusion(board.rows[reader])
        about = f"of a hundred times that the sound on the left was said; {NOTHING}: nothing was"
        picture = heat_map(*map_of, decimals=2, about=about)
        found.append(Section(f"Sounds that {reader} takes for others", picture))
    tables = [one.section() for one in listings if one.rows]
    worst = worst_clips(board.rows[roles.final])
    return [*found, *tables, _samples(board, worst, sound)]


def worst_clips(counts: Sequence[Counts], most: int = WORST, each: int = _EACH) -> list[Clip]:
    """Clips with the largest share of wrong words; without words, those with any.

    Args:
        counts: Of a reader.
        most: Clips.
        each: Clips of one condition, at most.
    """
    wrong = [one for one in counts if one.errors]
    wrong.sort(key=lambda one: (-one.errors / max(one.words, 1), one.clip.number))
    found: list[Clip] = []
    for one in wrong:
        same = [clip for clip in found if _alike(clip) == _alike(one.clip)]
        if len(same) < each and len(found) < most:
            found.append(one.clip)
    return found


_MORE: Final = -100.0
"""Percent: whoever has twice as much or more is shown here."""
_UP_TO: Final = "each utterance up to 100 %"


def _alike(clip: Clip) -> tuple[str, str]:
    return clip.material, clip.condition


def _samples(board: Board, clips: Sequence[Clip], sound: Callable[[Clip], Sound]) -> Section:
    heads = ("", "heard", "said", *board.readers)
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    rows = "".join(_sample(board, clip, sound(clip)) for clip in clips)
    body = f'<div class="wide"><table class="samples"><tr>{head}</tr>{rows}</table></div>'
    return Section("The worst, to listen to", body)


def _sample(board: Board, clip: Clip, sound: Sound) -> str:
    noise = clip.noise if clip.snr is None else f"{round(clip.snr)} dB {clip.noise}"
    about = ", ".join(part for part in (clip.condition, clip.voice, noise) if part)
    texts = [
        next(one.read.written for one in board.rows[name] if one.clip == clip)
        for name in board.readers
    ]
    player = f'<audio controls preload="none" src="{opus(sound)}"></audio>'
    cells = [escape(about), player, escape(clip.text), *(escape(text[:300]) for text in texts)]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
