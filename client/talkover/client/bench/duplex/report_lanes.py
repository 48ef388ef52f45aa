"""A picture of a call: two lanes over time, what the script did, and what the agent made of it."""

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.client.bench.duplex.measures_groups import is_wrong
from talkover.client.bench.duplex.scoring import CallOutcome, Outcome

STYLE: Final = """<style>
.lanes { max-width: none; display: block; font: 10px system-ui, sans-serif; }
.lanes text { fill: var(--soft); } .lanes .zero { stroke: var(--line); }
.lanes .caller { fill: light-dark(#2f6fb3, #7db4ee); }
.lanes .agent { fill: light-dark(#7a5195, #c39be0); }
.lanes .sounds { fill: light-dark(#7a519522, #c39be02e); }
.lanes .span { fill: light-dark(#2f6fb326, #7db4ee33); stroke: light-dark(#2f6fb366, #7db4ee66); }
.lanes .span.bad { fill: light-dark(#b3261e2b, #ff8a8040); stroke: var(--bad); }
.lanes .duck { stroke: light-dark(#9a6700, #e3b341); stroke-width: 2; }
.lanes .yield { stroke: var(--bad); stroke-width: 2; }
.lanes .resume { stroke: var(--good); stroke-width: 2; }
.lanes .server { stroke: var(--soft); stroke-dasharray: 2 2; }
details.call td:nth-child(3), details.call td:nth-child(4) { overflow-wrap: anywhere; }
details.call { border-top: 1px solid var(--line); padding: .5rem 0; }
details.call summary { cursor: pointer; } details.call .bad { color: var(--bad); }
.key b { font-weight: 600; } .key .d { color: light-dark(#9a6700, #e3b341); }
.key .y { color: var(--bad); } .key .r { color: var(--good); }
</style>"""
"""For the page, once."""

_SECOND: Final = 40  # pixels
_STEP: Final = 0.020  # seconds a point of the envelope
_TALL: Final = 40  # pixels of a lane
_CALLER: Final = 78  # pixels from the top to the caller's base line
_AGENT: Final = 128
_SERVER: Final = 146
_HEIGHT: Final = 190
_ROWS: Final = 3  # of labels that may lie over one another
_LETTER: Final = 5.2  # pixels
_QUIET: Final = 0.005  # of full scale: drawn as nothing


def envelope(pcm: NDArray[np.int16], rate: int) -> NDArray[np.int64]:
    """Peaks every 20 ms as pixels above the base line: int64 [n], on a square-root scale.

    The root makes a ducked voice still visible beside a loud one.
    """
    step = round(_STEP * rate)
    frames = np.abs(pcm[: len(pcm) // step * step].reshape(-1, step).astype(np.int32))
    peak = frames.max(axis=1) / 32_768 if len(frames) else np.zeros(0)
    pixels: NDArray[np.int64] = np.rint(np.sqrt(peak) * _TALL).astype(np.int64)
    pixels[peak < _QUIET] = 0
    return pixels


def lanes(call: CallOutcome) -> str:
    """The picture of one call, as SVG of a size that follows its length."""
    seconds = len(call.call.agent) / call.call.rate
    width = max(round(seconds * _SECOND), 320)
    rate = call.call.rate
    parts = [
        f'<svg class="lanes" role="img" width="{width}" height="{_HEIGHT}">',
        f"<title>{escape(call.call.name)}</title>",
        *_spans(call.events),
        *(_box(s.start, s.end, _AGENT - _TALL, _TALL, "sounds") for s in call.lane.spans),
        _wave(envelope(call.call.caller, rate), _CALLER, "caller"),
        _wave(envelope(call.call.agent, rate), _AGENT, "agent"),
        f'<path class="zero" d="M0 {_CALLER}.5H{width}M0 {_AGENT}.5H{width}"/>',
        *_marks(call),
        *_server(call),
        *_ruler(seconds),
        "</svg>",
    ]
    return "".join(parts)


def _wave(pixels: NDArray[np.int64], base: int, name: str) -> str:
    """One closed shape in relative steps of 20 ms; silence takes one step however long."""
    step = _STEP * _SECOND
    commands, level, flat = [f"M0 {base}"], 0, 0
    for height in [*pixels.tolist(), 0]:
        if height == level:
            flat += 1
            continue
        if flat:
            commands.append(f"h{flat * step:g}")
        commands.append(f"l{step:g} {level - height}")
        level, flat = height, 0
    return f'<path class="{name}" d="{"".join(commands)}z"/>'


def _spans(events: Sequence[Outcome]) -> list[str]:
    parts = []
    taken = [0.0] * _ROWS
    for outcome in sorted(events, key=lambda o: o.event.start):
        event = outcome.event
        bad = " bad" if outcome.judged and is_wrong(outcome) else ""
        parts.append(_box(event.start, event.end, _CALLER - _TALL, _TALL, f"span{bad}"))
        label = event.kind.value.replace("_", " ") + ("" if outcome.judged else " (not judged)")
        left = event.start * _SECOND
        row = next((r for r in range(_ROWS) if taken[r] <= left), _ROWS - 1)
        taken[row] = left + len(label) * _LETTER
        full = " · ".join(part for part in (label, event.detail, event.voice, event.text) if part)
        parts.append(
            f'<text x="{left:.0f}" y="{10 + 11 * row}">{escape(label)}'
            f"<title>{escape(full)}</title></text>"
        )
    return parts


def _marks(call: CallOutcome) -> list[str]:
    parts = [
        _line(outcome.onset + outcome.duck.after, "duck")
        for outcome in call.events
        if outcome.duck is not None and outcome.duck.after is not None
    ]
    for cut in call.lane.cuts:
        parts.append(_line(cut.at, "yield"))
        if cut.resumed and cut.until is not None:
            parts.append(_line(cut.until, "resume"))
    return parts


def _server(call: CallOutcome) -> list[str]:
    parts = []
    taken = [0.0] * _ROWS
    for event in sorted(call.call.server, key=lambda e: e.at):
        label = event.kind.lower().replace("_", " ")
        left = event.at * _SECOND
        row = next((r for r in range(_ROWS) if taken[r] <= left), _ROWS - 1)
        taken[row] = left + len(label) * _LETTER
        parts.append(
            f'<path class="server" d="M{left:.1f} {_AGENT}V{_SERVER - 8 + 11 * row}"/>'
            f'<text x="{left:.0f}" y="{_SERVER + 11 * row}">{escape(label)}'
            f"<title>{escape(event.text)}</title></text>"
        )
    return parts


def _ruler(seconds: float) -> list[str]:
    return [
        f'<text x="{second * _SECOND}" y="{_HEIGHT - 2}">{second} s</text>'
        for second in range(0, int(seconds) + 1, 5)
    ]


def _box(start: float, end: float, top: int, tall: int, name: str) -> str:
    left, wide = start * _SECOND, max((end - start) * _SECOND, 1)
    return f'<rect class="{name}" x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{tall}"/>'


def _line(moment: float, name: str) -> str:
    return f'<path class="{name}" d="M{moment * _SECOND:.1f} {_AGENT - _TALL}V{_AGENT}"/>'
