"""The lanes of a replayed call as one SVG: then above, now below."""

from collections.abc import Sequence
from html import escape
from typing import Final

from talkover.core.clock import HOP, RATE
from talkover.server.replay.compare import Replay
from talkover.server.turns import Change, Tell

_SECOND: Final = 60  # pixels
_LANE: Final = 44
_LABEL: Final = 90
_SPANS: Final = {
    Change.CALLER_STARTED: ("caller", True),
    Change.CALLER_CONTINUED: ("caller", True),
    Change.CALLER_ENDED: ("caller", False),
    Change.FALSE_START: ("caller", False),
    Change.AGENT_STARTED: ("agent", True),
    Change.RESUMED: ("agent", True),
    Change.AGENT_FINISHED: ("agent", False),
    Change.BARGE_IN: ("agent", False),
}
_STYLE: Final = """
svg{font:12px system-ui,sans-serif;background:#fff;color:#222}
text{fill:currentColor}.caller{fill:#b8562b}.agent{fill:#15807a}.voice{fill:#b8562b;opacity:.35}
.mark{stroke:#7a3fb0;stroke-width:1.5}.grid{stroke:#8884}
@media(prefers-color-scheme:dark){svg{background:#15181b;color:#ddd}}
"""


def picture(replay: Replay) -> str:
    """An SVG document: the caller's voice, then what was told in the call and what is told now."""
    told = [*replay.logged, *replay.given]
    last = max([tell.at for tell in told] + [at for at, _ in replay.voice] + [RATE])
    width = _LABEL + last * _SECOND // RATE + 20
    rows = [
        _voice(replay.voice),
        _lanes("in the call", replay.logged, last, 1),
        _lanes("replayed", replay.given, last, 2.6),
    ]
    height = round(_LANE * 4.6)
    grid = "".join(
        f'<line class="grid" x1="{_x(s * RATE)}" x2="{_x(s * RATE)}" y1="14" y2="{height}"/>'
        f'<text x="{_x(s * RATE) + 2}" y="12">{s} s</text>'
        for s in range(last // RATE + 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}"><style>{_STYLE}</style>{grid}{"".join(rows)}</svg>'
    )


def _x(at: int) -> int:
    return _LABEL + at * _SECOND // RATE


def _voice(hops: Sequence[tuple[int, float]]) -> str:
    bars = "".join(
        f'<rect class="voice" x="{_x(at - HOP)}" width="2" y="{_LANE - 24 * p:.0f}" '
        f'height="{24 * p:.0f}"/>'
        for at, p in hops
        if p >= 0.1
    )
    return f'<text x="4" y="{_LANE - 8}">voice</text>{bars}'


def _lanes(name: str, told: Sequence[Tell], last: int, place: float) -> str:
    top = round(_LANE * place) + 18
    parts = [f'<text x="4" y="{top + 14}">{escape(name)}</text>']
    for lane, y in (("caller", top), ("agent", top + 20)):
        for start, end in _spans(told, lane, last):
            parts.append(
                f'<rect class="{lane}" x="{_x(start)}" y="{y}" height="16" rx="3" '
                f'width="{max(1, _x(end) - _x(start))}"/>'
            )
    parts += [
        f'<line class="mark" x1="{_x(tell.at)}" x2="{_x(tell.at)}" y1="{top}" y2="{top + 36}">'
        f"<title>{tell.at / RATE:.3f} s {tell.change.value}, turn {tell.turn}</title></line>"
        for tell in told
    ]
    return "".join(parts)


def _spans(told: Sequence[Tell], lane: str, last: int) -> list[tuple[int, int]]:
    spans, since = list[tuple[int, int]](), None
    for tell in told:
        whose, begins = _SPANS.get(tell.change, ("", False))
        if whose != lane:
            continue
        if begins:
            since = tell.at if since is None else since
        elif since is not None:
            spans.append((since, tell.at))
            since = None
    return spans if since is None else [*spans, (since, last)]
