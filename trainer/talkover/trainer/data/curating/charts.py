"""Bars as inline SVG, in the colours of the report's page. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Final

STYLE: Final = """<style>
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(30rem, 1fr));
  gap: 1.5rem 2.5rem; }
.charts figure { margin: 0; } .charts figcaption { font-weight: 600; margin-bottom: .35rem; }
.charts svg { display: block; width: 100%; font: 12px system-ui, sans-serif; }
.charts text { fill: var(--ink); } .charts .soft { fill: var(--soft); }
.charts .bar { fill: light-dark(#2f6fb3, #7db4ee); } .charts .line { stroke: var(--line); }
@media (max-width: 34rem) { .charts { grid-template-columns: 1fr; } }
</style>"""
"""For the page, once."""

_WIDTH: Final = 480
_LABEL: Final = 170  # pixels for names
_FIGURE: Final = 96  # pixels for what stands behind a bar
_ROW: Final = 20
_LETTERS: Final = 26
_TALL: Final = 150
_NAME: Final = 34  # pixels for one under a column
_ABOVE: Final = 14


def bars(title: str, rows: Sequence[tuple[str, float, str]], *, left_out: int = 0) -> str:
    """Bars beside one another's names.

    Args:
        title: Above it.
        rows: Name, size, and what is written behind the bar.
        left_out: How many more there would be.
    """
    most = max((size for _, size, _ in rows), default=0.0) or 1.0
    room = _WIDTH - _LABEL - _FIGURE
    height = _ROW * (len(rows) + bool(left_out))
    parts = []
    for place, (name, size, figure) in enumerate(rows):
        base = place * _ROW + 14
        wide = max(size / most * room, 1.0)
        parts.append(
            f'<text x="{_LABEL - 8}" y="{base}" text-anchor="end">{escape(_short(name))}'
            f"<title>{escape(name)}</title></text>"
            f'<rect class="bar" x="{_LABEL}" y="{base - 11}" width="{wide:.1f}" height="14" '
            f'rx="2"/><text class="soft" x="{_LABEL + wide + 6:.1f}" y="{base}">'
            f"{escape(figure)}</text>"
        )
    if left_out:
        y = len(rows) * _ROW + 14
        parts.append(f'<text class="soft" x="{_LABEL}" y="{y}">and {left_out} more</text>')
    return _figure(title, height, parts)


def histogram(title: str, bins: Sequence[tuple[str, float]], unit: str) -> str:
    """Columns beside one another.

    Args:
        title: Above it.
        bins: Name and size of each, in order; names that have no room are left out.
        unit: Of the sizes.
    """
    most = max((size for _, size in bins), default=0.0) or 1.0
    step = _WIDTH / max(len(bins), 1)
    apart = max(1, round(_NAME / step))
    floor = _ABOVE + _TALL
    parts = [f'<path class="line" d="M0 {floor}.5H{_WIDTH}"/>']
    for place, (name, size) in enumerate(bins):
        tall = size / most * _TALL
        left = place * step
        parts.append(
            f'<rect class="bar" x="{left + 1:.1f}" y="{floor - tall:.1f}" width="{step - 2:.1f}" '
            f'height="{tall:.1f}" rx="1"><title>{escape(name)}: {size:,.4g} {escape(unit)}</title>'
            "</rect>"
        )
        if not place % apart:
            parts.append(
                f'<text class="soft" x="{left + step / 2:.1f}" y="{floor + 16}" '
                f'text-anchor="middle">{escape(name)}</text>'
            )
    parts.append(f'<text class="soft" x="0" y="10">up to {most:,.3g} {escape(unit)}</text>')
    return _figure(title, floor + 22, parts)


def _figure(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg role="img" '
        f'viewBox="0 0 {_WIDTH} {height}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
        "</figure>"
    )


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"
