"""A picture of a conversation: its two lanes over time, and who does what on them. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import RATE
from talkover.trainer.data.conversations.segments import Kind, Lane, Plan, Segment, Who

_STYLE: Final = """<style>
.talk { font: 11px system-ui, sans-serif; background: light-dark(#fff, #14171a); }
.talk text { fill: light-dark(#1c2024, #e6e8eb); }
.talk .soft { fill: light-dark(#5b6570, #9aa4ae); }
.talk .wave { fill: light-dark(#5b657066, #9aa4ae66); }
.talk .axis { stroke: light-dark(#e1e5e9, #2b3137); }
.talk .turn { fill: light-dark(#2f6fb3, #7db4ee); }
.talk .agent { fill: light-dark(#7a5195, #c39be0); }
.talk .barge_in { fill: light-dark(#b3261e, #ff8a80); }
.talk .backchannel { fill: light-dark(#14713a, #5dd28c); }
.talk .side_talk { fill: light-dark(#9a6700, #e3b341); }
.talk .echo { fill: none; stroke: light-dark(#7a5195, #c39be0); stroke-dasharray: 3 2; }
</style>"""
_SECOND: Final = 40  # pixels
_NAME: Final = 90  # pixels
_ROW: Final = 18
_WAVE: Final = 26  # pixels above and below a lane's line
_STEP: Final = 320  # samples a point of the envelope
_ROWS: Final[tuple[tuple[Lane, str, tuple[Who, ...], bool], ...]] = (
    (Lane.CALLER, "caller", (Who.CALLER,), False),
    (Lane.CALLER, "bystander", (Who.BYSTANDER,), False),
    (Lane.CALLER, "television", (Who.TELEVISION,), False),
    (Lane.CALLER, "echo", (Who.AGENT,), True),
    (Lane.AGENT, "agent", (Who.AGENT,), False),
)


def picture(plan: Plan, lanes: NDArray[np.float32], title: str) -> str:
    """An SVG that stands alone.

    Args:
        plan: Who does what.
        lanes: What is heard, float32 [2, n].
        title: Above it.
    """
    width = _NAME + round(plan.length / RATE * _SECOND) + 10
    parts: list[str] = []
    y = 24
    for place, lane in enumerate(Lane):
        y += _WAVE
        parts += [
            f'<text x="4" y="{y + 4}">{lane.value} lane</text>',
            _wave(lanes[place], y),
        ]
        y += _WAVE + 4
        for on, name, whose, echo in _ROWS:
            mine = [
                one
                for one in plan.on(lane)
                if on is lane and one.who in whose and (one.kind is Kind.ECHO) == echo
            ]
            if mine:
                parts.append(f'<text class="soft" x="14" y="{y + 12}">{name}</text>')
                parts += [_box(one, y) for one in mine]
                y += _ROW
        y += 10
    height = y + 40
    parts += [*_ruler(plan.length, y), *_key(height - 8)]
    return (
        f'<svg class="talk" xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}"><title>{escape(title)}</title>{_STYLE}'
        f'<text x="4" y="14">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def _x(samples: int) -> float:
    return _NAME + samples / RATE * _SECOND


def _box(one: Segment, y: int) -> str:
    name = "agent" if one.who is Who.AGENT and one.kind is Kind.TURN else one.kind.value
    wide = max((one.end - one.start) / RATE * _SECOND, 1.0)
    label = f"{one.who.value}, {one.kind.value}{', cut off' if one.cut else ''}: {one.text}"
    return (
        f'<rect class="{name}" x="{_x(one.start):.1f}" y="{y}" width="{wide:.1f}" '
        f'height="{_ROW - 4}" rx="2"><title>{escape(label)}</title></rect>'
    )


def _wave(sound: NDArray[np.float32], middle: int) -> str:
    """The loudest of every 20 ms, as one shape; its root, so that an echo can be seen."""
    frames = np.abs(sound[: len(sound) // _STEP * _STEP]).reshape(-1, _STEP)
    tall = np.sqrt(frames.max(axis=1)) * _WAVE
    step = _STEP / RATE * _SECOND
    upper = [f"{_NAME + n * step:.1f} {middle - h:.1f}" for n, h in enumerate(tall)]
    lower = [f"{_NAME + n * step:.1f} {middle + h:.1f}" for n, h in enumerate(tall)]
    return f'<path class="wave" d="M{"L".join([*upper, *reversed(lower)])}z"/>' if upper else ""


def _ruler(length: int, y: int) -> list[str]:
    return [
        f'<path class="axis" d="M{_x(second * RATE):.0f} 20V{y}"/>'
        f'<text class="soft" x="{_x(second * RATE):.0f}" y="{y + 12}">{second} s</text>'
        for second in range(0, length // RATE + 1, 5)
    ]


def _key(y: int) -> Sequence[str]:
    names = (Kind.TURN, Kind.BARGE_IN, Kind.BACKCHANNEL, Kind.SIDE_TALK, Kind.ECHO)
    return [
        f'<rect class="{kind.value}" x="{_NAME + place * 110}" y="{y - 10}" width="12" '
        f'height="12"/><text x="{_NAME + place * 110 + 17}" y="{y}">'
        f"{kind.value.replace('_', ' ')}</text>"
        for place, kind in enumerate(names)
    ]
