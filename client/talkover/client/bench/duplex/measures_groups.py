"""The same figures by group: language, level, detail, real or synthetic voice, transport."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from talkover.client.bench.duplex.measures_rows import wilson
from talkover.client.bench.duplex.scoring import FALSE_KINDS, SOON, CallOutcome, Outcome
from talkover.client.bench.duplex.types import Kind
from talkover.core.report import Listing, percentile

_SYNTHETIC: Final = ("espeak", "flite", "festival", "piper", "synth", "mbrola", "kal", "slt", "rms")
_STEP: Final = 6  # dB a group of levels


def groups(calls: Sequence[CallOutcome]) -> list[Listing]:
    """A table for each way to group events; groupings with one group are left out."""
    ways: list[tuple[str, Callable[[CallOutcome, Outcome], str]]] = [
        ("By language", lambda _, e: e.event.language),
        ("By level", lambda _, e: _level(e.event.snr)),
        ("By detail", lambda _, e: e.event.detail),
        ("By voice", lambda _, e: voice_type(e.event.voice)),
        ("By transport", lambda c, _: c.call.transport),
    ]
    found = [_listing(title, calls, way) for title, way in ways]
    return [listing for listing in found if len({row[1] for row in listing.rows}) > 1]


def voice_type(voice: str) -> str:
    """``synthetic`` or ``real``, by the engine in the voice's name; empty for no voice."""
    if not voice:
        return ""
    return "synthetic" if any(engine in voice.casefold() for engine in _SYNTHETIC) else "real"


def _listing(
    title: str, calls: Sequence[CallOutcome], way: Callable[[CallOutcome, Outcome], str]
) -> Listing:
    found: dict[tuple[Kind, str], list[Outcome]] = defaultdict(list)
    for call in calls:
        for event in call.events:
            if event.judged and (group := way(call, event)):
                found[event.event.kind, group].append(event)
    rows = [
        (kind.value.replace("_", " "), group, str(len(events)), *_figures(kind, events))
        for (kind, group), events in sorted(found.items())
    ]
    return Listing(title, ("event", "group", "n", "wrong", "95 % interval", "p50"), rows)


def _figures(kind: Kind, events: Sequence[Outcome]) -> tuple[str, str, str]:
    wrong = [is_wrong(event) for event in events]
    low, high = wilson(sum(wrong), len(wrong)) or (0.0, 1.0)
    if kind is Kind.TURN_END:
        times = [e.answered_after for e in events if e.answered_after is not None]
    else:
        times = [e.yielded_after for e in events if e.yielded_after is not None]
    middle = f"{percentile(times, 50):.2f} s" if times else ""
    return (
        f"{100 * sum(wrong) / len(wrong):.0f} %",
        f"{100 * low:.0f} to {100 * high:.0f}",
        middle,
    )


def is_wrong(e: Outcome) -> bool:
    """Whether the agent did what it should not, or did not what it should."""
    kind = e.event.kind
    if kind in FALSE_KINDS:
        return e.cuts > 0 if kind is Kind.ECHO else e.false_yield
    if kind in (Kind.PAUSE, Kind.DICTATION):
        return e.started_after is not None
    if kind is Kind.TURN_END:
        return e.answered_after is None or e.answered_after < 0
    if kind is Kind.FALSE_INTERRUPTION:
        return e.yielded_after is not None and not e.went_on
    if kind is Kind.INTERRUPTION:
        return e.yielded_after is None or e.yielded_after > SOON
    return False  # of two callers it is only shown what happened


def _level(snr: float | None) -> str:
    if snr is None:
        return ""
    low = int(snr // _STEP) * _STEP
    return f"{low:+d} to {low + _STEP:+d} dB"
