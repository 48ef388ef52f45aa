"""What the accent table looks and sounds like: bars, distances, and five of each to listen to."""

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.core.report import Listing, Section
from talkover.trainer.data.clean import Clean
from talkover.trainer.data.dirt import dirtied, neighbours
from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.recipe import Recipe
from talkover.trainer.data.studio import Studio
from talkover.trainer.data.texts import Split
from talkover.trainer.evaluation.accents import CLEAN, NOISY, SOUNDS, Heard, noisy
from talkover.trainer.evaluation.accents_distance import Said, between_all
from talkover.trainer.evaluation.accents_report import CAPPED, PHONES, WORDS, Rate, rates
from talkover.trainer.evaluation.accents_scoring import AccentScore

SAMPLES: Final = 5
"""Of each accent and pattern, to listen to."""

_STYLE: Final = """<style>
.accents { display: block; font: 12px system-ui, sans-serif; margin: 1rem 0; }
.accents text { fill: var(--ink); } .accents .soft { fill: var(--soft); }
.accents .clean { fill: light-dark(#2f6fb3, #7db4ee); }
.accents .noisy { fill: light-dark(#b5651d, #e3a15f); }
.accents .whisker { stroke: var(--ink); }
.samples td { vertical-align: middle; } .samples audio { width: 9rem; height: 2rem; }
</style>"""
_WIDTH: Final = 800
_NAME: Final = 150  # pixels
_BAR: Final = 9
_ROW: Final = 26
_CELL: Final = 34
_TOP: Final = 120


def sections(
    scores: Sequence[AccentScore],
    recipe: Recipe,
    said: Mapping[str, Said],
    listings: Sequence[Listing],
) -> list[Section]:
    """All below the measures.

    Raises:
        ConfigError: eSpeak NG is not installed.
    """
    found = rates(scores, recipe.conditions)
    charts = [
        Section(f"{kind.capitalize()} (%)", _STYLE + bars(_of(found, kind)))
        for kind in (CAPPED, WORDS, PHONES)
    ]
    heat = Section("Accents' distances from one another", heat_map(list(said), between_all(said)))
    return [*(one.section() for one in listings), *charts, heat, _samples(scores, recipe)]


def bars(rows: Mapping[str, Mapping[str, Rate]]) -> str:
    """Two bars a row, clean and noisy, with their intervals, as SVG.

    Args:
        rows: By name and sound.
    """
    ends = [
        one.interval[1] if one.interval else one.percent
        for r in rows.values()
        for one in r.values()
    ]
    most = max([*ends, 1.0])
    scale = (_WIDTH - _NAME - 60) / most
    parts = []
    for place, (name, by_sound) in enumerate(rows.items()):
        top = place * _ROW + 4
        parts.append(
            f'<text x="{_NAME - 8}" y="{top + 13}" text-anchor="end">{escape(name)}</text>'
        )
        for number, sound in enumerate(SOUNDS):
            one, y = by_sound[sound], top + number * (_BAR + 1)
            wide = one.percent * scale
            parts.append(
                f'<rect class="{"noisy" if sound == NOISY else "clean"}" x="{_NAME}" y="{y}" '
                f'width="{wide:.1f}" height="{_BAR}"><title>{escape(name)}, {escape(sound)}: '
                f"{escape(one.text)} %</title></rect>"
            )
            if one.interval:
                low, high = (_NAME + edge * scale for edge in one.interval)
                parts.append(f'<path class="whisker" d="M{low:.1f} {y + 4.5}H{high:.1f}"/>')
    height = len(rows) * _ROW + 24
    key = (
        f'<text class="soft" x="{_NAME}" y="{height - 6}">above clean, below {NOISY}; '
        f"up to {most:.0f} %, lines are 95 % intervals</text>"
    )
    return _svg(height, [*parts, key])


def heat_map(names: Sequence[str], table: NDArray[np.float64]) -> str:
    """Each against each, as SVG: the darker, the further.

    Args:
        names: Of rows and columns.
        table: Distances, [n, n].
    """
    most = float(table.max()) or 1.0
    parts = []
    for row, name in enumerate(names):
        y = _TOP + row * _CELL * 0.7
        parts.append(
            f'<text x="{_NAME - 8}" y="{y + 16:.1f}" text-anchor="end">{escape(name)}</text>'
            f'<text class="soft" transform="translate({_NAME + row * _CELL + 20} {_TOP - 6}) '
            f'rotate(-55)">{escape(name)}</text>'
        )
        for column, value in enumerate(table[row]):
            title = f"{name} and {names[column]}: {value:.4f}"
            parts.append(
                f'<rect class="clean" fill-opacity="{value / most:.3f}" '
                f'x="{_NAME + column * _CELL}" y="{y:.1f}" width="{_CELL - 1}" '
                f'height="{_CELL * 0.7 - 1:.1f}"><title>{escape(title)}</title></rect>'
                f'<text class="soft" x="{_NAME + column * _CELL + _CELL / 2}" y="{y + 15:.1f}" '
                f'text-anchor="middle" font-size="9">{100 * value:.1f}</text>'
            )
    height = round(_TOP + len(names) * _CELL * 0.7 + 24)
    key = f'<text class="soft" x="{_NAME}" y="{height - 6}">in hundredths</text>'
    return _svg(height, [*parts, key])


def opus(sound: Sound) -> str:
    """A sound (float32 [n] at 16 kHz) as a data URL, about 2 kB a second."""
    file = io.BytesIO()
    soundfile.write(file, sound, RATE, format="OGG", subtype="OPUS", compression_level=1.0)
    return "data:audio/ogg;base64," + b64encode(file.getvalue()).decode()


def _of(
    found: Mapping[str, Mapping[str, Mapping[str, Rate]]], kind: str
) -> dict[str, dict[str, Rate]]:
    return {name: {s: by[kind] for s, by in by_sound.items()} for name, by_sound in found.items()}


def _svg(height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="accents" role="img" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}">'
        f"{''.join(parts)}</svg>"
    )


def _samples(scores: Sequence[AccentScore], recipe: Recipe) -> Section:
    heard = {(score.heard.number, score.heard.sound): score.heard for score in scores}
    numbers = sorted({number for number, _ in heard})[: SAMPLES * len(recipe.conditions)]
    with Studio(recipe, Split.TEST) as studio:
        made = {}
        for number in numbers:
            said = studio.clean(number)
            over = dirtied(noisy(recipe), said, neighbours(number), lambda n: studio.clean(n).pcm)
            made[number] = (said, over.pcm)
    rows = [
        _sample(heard[number, CLEAN], heard[number, NOISY], *made[number])
        for number in sorted(numbers, key=lambda one: one % len(recipe.conditions))
    ]
    heads = ("", "said", "sounds", CLEAN, "heard", f"{NOISY} over it", "heard")
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = f'<div class="wide"><table class="samples"><tr>{head}</tr>{"".join(rows)}</table></div>'
    return Section(f"{SAMPLES} of each to listen to", body)


def _sample(quiet: Heard, loud: Heard, said: Clean, over: Sound) -> str:
    sounds = " ".join("".join(phone.symbol for phone in word.phones) for word in said.words)
    cells = [
        escape(quiet.condition),
        escape(quiet.text),
        f"[{escape(sounds)}]",
        _player(said.pcm),
        escape(quiet.written),
        f"{_player(over)}<br>{escape(loud.noise)}",
        escape(loud.written),
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _player(sound: Sound) -> str:
    return f'<audio controls preload="none" src="{opus(sound)}"></audio>'
