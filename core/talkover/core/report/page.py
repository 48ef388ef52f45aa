"""A report as one page that needs nothing else: no scripts, no fonts, nothing fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from talkover.core.report.model import (
    Measure,
    Report,
    circumstances,
    interval_text,
    verdict,
    with_unit,
)


@dataclass(frozen=True, slots=True)
class Section:
    """Something below the table.

    Attributes:
        title: Plain text.
        body: HTML that the caller vouches for, such as an inline SVG or an audio element whose
            source is a data URL. The page forbids scripts and fetching, whatever is in here.
    """

    title: str
    body: str


_STYLE: Final = """
:root { color-scheme: light dark;
  --ink: light-dark(#1c2024, #e6e8eb); --soft: light-dark(#5b6570, #9aa4ae);
  --paper: light-dark(#ffffff, #14171a); --line: light-dark(#e1e5e9, #2b3137);
  --good: light-dark(#14713a, #5dd28c); --bad: light-dark(#b3261e, #ff8a80); }
body { margin: 3rem auto; max-width: 68rem; padding: 0 1.25rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p.facts, td.note { color: var(--soft); font-size: .85rem; }
div.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem; }
th, td { text-align: left; padding: .45rem .9rem .45rem 0; vertical-align: baseline;
  border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-size: .8rem; font-weight: 500; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.met { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
svg { max-width: 100%; height: auto; } audio { width: 100%; }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"


def to_html(report: Report, sections: Sequence[Section] = ()) -> str:
    """The report as a page.

    Args:
        report: What to show.
        sections: What to show below its table.
    """
    rows = "\n".join(_row(measure) for measure in report.measures)
    below = "\n".join(
        f"<section><h2>{escape(section.title)}</h2>\n{section.body}\n</section>"
        for section in sections
    )
    title = escape(report.title)
    features = escape(" ".join(report.machine.features))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p class="facts">{escape(circumstances(report))}<br>{features}</p>
<div class="wide"><table>
<thead><tr><th>measure</th><th class="figure">value</th><th class="figure">95 % interval</th>
<th class="figure">n</th><th class="figure">bar</th><th></th><th>note</th></tr></thead>
<tbody>
{rows}
</tbody>
</table></div>
{below}
</body>
</html>
"""


def _row(measure: Measure) -> str:
    word = verdict(measure)
    figures = (with_unit(measure), interval_text(measure), str(measure.n), measure.bar or "")
    cells = "".join(f'<td class="figure">{escape(figure)}</td>' for figure in figures)
    return (
        f"<tr><td>{escape(measure.name)}</td>{cells}"
        f'<td class="{word}">{word}</td><td class="note">{escape(measure.note)}</td></tr>'
    )
