"""Word errors over time as inline SVG, with the moments at which the weights changed. Pure."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from talkover.client.bench.callers.rows import Row
from talkover.client.bench.callers.tally import WINDOW, accents_of, changes, curve
from talkover.core.report import Section

_WIDTH: Final = 860
_HEIGHT: Final = 320
_LEFT: Final = 46
_RIGHT: Final = 14
_TOP: Final = 26
_BOTTOM: Final = 52
_COLOURS: Final = 6
_STYLE: Final = """<style>
.errors text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.errors .grid { stroke: var(--line); } .errors .change { stroke: var(--ink); stroke-dasharray: 4 3; }
.errors path { fill: none; stroke-width: 2; }
.errors .c0 { stroke: light-dark(#2f6fb3, #7db4ee); } .errors .c1 { stroke: light-dark(#b5651d, #e3a15f); }
.errors .c2 { stroke: light-dark(#3d7f4e, #7fc993); } .errors .c3 { stroke: light-dark(#8a4f9e, #c79ad8); }
.errors .c4 { stroke: light-dark(#a8862a, #dcc069); } .errors .c5 { stroke: light-dark(#a63d52, #ea8fa0); }
.errors text.key { stroke: none; fill: var(--ink); }
</style>"""  # noqa: E501


def section(rows: Sequence[Row]) -> Section:
    """The picture and how to read it."""
    about = (
        f"<p>The latest {WINDOW} turns of each accent, each turn up to 100 %; "
        "dashed: the first turn on other weights.</p>"
    )
    return Section("Word errors over time", _STYLE + picture(rows) + about)


def picture(rows: Sequence[Row]) -> str:
    """The curves as SVG; empty where there are too few turns."""
    curves = {accent: curve(rows, accent) for accent in accents_of(rows)}
    times = [at for points in curves.values() for at, _ in points]
    if not times:
        return ""
    first, last = min(row.at for row in rows), max(times)
    span = max(last - first, 1.0)
    inner, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(at: float) -> float:
        return round(_LEFT + (at - first) / span * inner, 1)

    def y(percent: float) -> float:
        return round(_TOP + (1 - percent / 100) * tall, 1)

    parts = [_grid(y, span), *(_change(x(at), bundle) for at, bundle in changes(rows))]
    for number, (accent, points) in enumerate(curves.items()):
        colour = f"c{number % _COLOURS}"
        path = " ".join(f"{'L' if n else 'M'}{x(at)},{y(v)}" for n, (at, v) in enumerate(points))
        parts.append(f'<path class="{colour}" d="{path}"/>')
        parts.append(_key(number, colour, accent))
    return (
        f'<svg class="errors" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        f'aria-label="word errors over time">{"".join(parts)}</svg>'
    )


def _grid(y: Callable[[float], float], span: float) -> str:
    lines = [
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(p)}" y2="{y(p)}"/>'
        f'<text x="{_LEFT - 6}" y="{y(p) + 4}" text-anchor="end">{p} %</text>'
        for p in (0, 25, 50, 75, 100)
    ]
    base = _HEIGHT - _BOTTOM + 18
    lines += [
        f'<text x="{_LEFT + (_WIDTH - _LEFT - _RIGHT) * share:.0f}" y="{base}" '
        f'text-anchor="middle">{span * share / 60:.1f} min</text>'
        for share in (0.25, 0.5, 0.75)
    ]
    return "".join(lines)


def _change(at: float, bundle: str) -> str:
    bottom = _HEIGHT - _BOTTOM
    return (
        f'<line class="change" x1="{at}" x2="{at}" y1="{_TOP}" y2="{bottom}"/>'
        f'<text x="{at + 4}" y="{_TOP - 8}">{escape(bundle[:8])}</text>'
    )


def _key(number: int, colour: str, accent: str) -> str:
    left, top = _LEFT + 150 * number, _HEIGHT - 12
    return (
        f'<path class="{colour}" d="M{left},{top - 4} h22"/>'
        f'<text class="key" x="{left + 28}" y="{top}">{escape(accent or "unknown")}</text>'
    )
