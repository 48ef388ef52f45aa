"""Pictures in a report's page, as inline SVG: bars, intervals, maps of cells. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

STYLE: Final = """<style>
.chart { display: block; font: 12px system-ui, sans-serif; margin: 1rem 0; }
.chart text { fill: var(--ink); } .chart .soft { fill: var(--soft); }
.chart .s0 { fill: light-dark(#2f6fb3, #7db4ee); color: light-dark(#2f6fb3, #7db4ee); }
.chart .s1 { fill: light-dark(#b5651d, #e3a15f); color: light-dark(#b5651d, #e3a15f); }
.chart .s2 { fill: light-dark(#3d7f4e, #7fc993); color: light-dark(#3d7f4e, #7fc993); }
.chart .s3 { fill: light-dark(#8a4f9e, #c79ad8); color: light-dark(#8a4f9e, #c79ad8); }
.chart .s4 { fill: light-dark(#a8862a, #dcc069); color: light-dark(#a8862a, #dcc069); }
.chart .s5 { fill: light-dark(#a63d52, #ea8fa0); color: light-dark(#a63d52, #ea8fa0); }
.chart .whisker { stroke: var(--ink); } .chart .on { fill: var(--paper); }
.chart .axis { stroke: var(--line); }
.samples td { vertical-align: middle; } .samples audio { width: 9rem; height: 2rem; }
</style>"""
WIDTH: Final = 800
_COLOURS: Final = 6
_NAME: Final = 150  # pixels
_BAR: Final = 9
_GAP: Final = 7
_CELL: Final = 34
_KEY: Final = 22


class Bar(NamedTuple):
    """A figure in a picture.

    Attributes:
        value: How far it goes.
        interval: 95 %; None: it has none.
        text: What is said when somebody points at it.
    """

    value: float
    interval: tuple[float, float] | None
    text: str


Rows = Mapping[str, Mapping[str, Bar]]
"""By the name of the row and that of the series; a row need not have all series."""


def bars(rows: Rows, about: str = "", colours: Sequence[str] = ()) -> str:
    """A bar a series in each row, with their intervals, all from the same zero.

    Args:
        rows: What is shown, in order.
        about: Below the bars.
        colours: Names of series in the order of their colours; by default as they come.
    """
    series = _series(rows, colours)
    most = max([*_edges(rows), 1e-9])
    scale = (WIDTH - _NAME - 60) / most
    step = len(series) * (_BAR + 1) + _GAP
    parts = []
    for place, (name, row) in enumerate(rows.items()):
        top = place * step + 4
        middle = top + len(series) * (_BAR + 1) / 2 + 4
        parts.append(_label(name, _NAME - 8, middle))
        for number, (one, colour) in enumerate(series.items()):
            if one not in row:
                continue
            bar, y = row[one], top + number * (_BAR + 1)
            parts.append(
                f'<rect class="{colour}" x="{_NAME}" y="{y}" '
                f'width="{max(bar.value, 0.0) * scale:.1f}" height="{_BAR}">'
                f"<title>{escape(f'{name}, {one}: {bar.text}')}</title></rect>"
            )
            if bar.interval:
                low, high = (_NAME + edge * scale for edge in bar.interval)
                parts.append(f'<path class="whisker" d="M{low:.1f} {y + 4.5}H{high:.1f}"/>')
    told = f"up to {most:.3g}; lines are 95 % intervals" + (f"; {about}" if about else "")
    return _with_key(series, len(rows) * step + 4, parts, told)


def forest(
    rows: Rows, about: str = "", colours: Sequence[str] = (), *, least: float = -np.inf
) -> str:
    """A point a series in each row with its interval, to both sides of zero.

    Args:
        rows: What is shown, in order.
        about: Below the points.
        colours: See ``bars``.
        least: What lies below is shown here.
    """
    series = _series(rows, colours)
    ends = [0.0, *_edges(rows)]
    low, high = max(min(ends), least), max(ends)
    name = 2 * _NAME + 60
    scale = (WIDTH - name - 30) / ((high - low) or 1.0)
    step = len(series) * (_BAR + 1) + _GAP
    bottom = len(rows) * step + 4

    def at(value: float) -> float:
        return float(name + 10 + (max(value, low) - low) * scale)

    parts = [f'<path class="axis" d="M{at(0.0):.1f} 0V{bottom}"/>']
    for place, (title, row) in enumerate(rows.items()):
        top = place * step + 4
        parts.append(_label(title, name - 8, top + len(series) * (_BAR + 1) / 2 + 4))
        for number, (one, colour) in enumerate(series.items()):
            if one not in row:
                continue
            point, y = row[one], top + number * (_BAR + 1) + 4.5
            begin, end = (at(edge) for edge in point.interval or (point.value, point.value))
            parts.append(
                f'<g class="{colour}"><title>'
                f"{escape(f'{title}, {one}: {point.text}')}</title>"
                f'<path d="M{begin:.1f} {y}H{end:.1f}" stroke="currentColor" stroke-width="2"/>'
                f'<circle cx="{at(point.value):.1f}" cy="{y}" r="3.5"/></g>'
            )
    return _with_key(series, bottom, parts, about)


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    table: NDArray[np.float64],
    *,
    decimals: int = 4,
    about: str = "in hundredths",
) -> str:
    """Each against each: the darker, the more.

    Args:
        rows: Names.
        columns: Names.
        table: [rows, columns], 0 or more, shown in hundredths; NaN: an empty cell.
        decimals: Of what is said when somebody points at a cell.
        about: Below the map.
    """
    most = float(np.nanmax(table, initial=0.0)) or 1.0
    cell = min(_CELL, (WIDTH - _NAME - 20) // max(len(columns), 1))
    high = cell * 0.7
    head = 16 + 5 * max(map(len, columns), default=0)
    parts = [
        f'<text class="soft" transform="translate({_NAME + place * cell + cell * 0.6:.1f} '
        f'{head - 6}) rotate(-55)">{escape(name)}</text>'
        for place, name in enumerate(columns)
    ]
    for row, name in enumerate(rows):
        y = head + row * high
        parts.append(_label(name, _NAME - 8, y + high * 0.7))
        for column, value in enumerate(table[row]):
            if np.isnan(value):
                continue
            title = f"{name} and {columns[column]}: {value:.{decimals}f}"
            parts.append(
                f'<rect class="s0" fill-opacity="{value / most:.3f}" '
                f'x="{_NAME + column * cell}" y="{y:.1f}" width="{cell - 1}" '
                f'height="{high - 1:.1f}"><title>{escape(title)}</title></rect>'
            )
            if value > 0 or decimals > 2:
                parts.append(
                    f'<text class="{"on" if value > most / 2 else "soft"}" '
                    f'x="{_NAME + column * cell + cell / 2}" '
                    f'y="{y + high * 0.65:.1f}" text-anchor="middle" font-size="9">'
                    f"{_hundredths(value, decimals)}</text>"
                )
    height = round(head + len(rows) * high + 24)
    return svg(height, [*parts, f'<text class="soft" x="{_NAME}" y="{height - 6}">{about}</text>'])


def svg(height: int, parts: Sequence[str]) -> str:
    """A picture as wide as the others."""
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">'
        f"{''.join(parts)}</svg>"
    )


def _edges(rows: Rows) -> list[float]:
    """All figures and ends of intervals."""
    every = [one for row in rows.values() for one in row.values()]
    return [edge for one in every for edge in (one.value, *(one.interval or ()))]


def _series(rows: Rows, colours: Sequence[str]) -> dict[str, str]:
    """Those that there are, with the class of their colour."""
    there = dict.fromkeys(name for row in rows.values() for name in row)
    order = list(colours) or list(there)
    return {name: f"s{order.index(name) % _COLOURS}" for name in order if name in there}


def _with_key(series: Mapping[str, str], bottom: int, parts: Sequence[str], about: str) -> str:
    """What the colours mean, and what the picture is about."""
    key, x = [], _NAME
    for name, colour in series.items():
        key.append(
            f'<rect class="{colour}" x="{x}" y="{bottom + 8}" width="9" height="9"/>'
            f'<text x="{x + 14}" y="{bottom + 17}">{escape(name)}</text>'
        )
        x += 40 + 7 * len(name)
    low = bottom + 2 * _KEY
    told = f'<text class="soft" x="{_NAME}" y="{low - 8}">{escape(about)}</text>'
    return svg(low, [*parts, *key, told])


def _label(name: str, x: float, y: float) -> str:
    return f'<text x="{x}" y="{y:.1f}" text-anchor="end">{escape(name)}</text>'


def _hundredths(value: float, decimals: int) -> str:
    return f"{100 * value:.1f}" if decimals > 2 else f"{100 * value:.0f}"
