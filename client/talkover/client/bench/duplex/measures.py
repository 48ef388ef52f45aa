"""The duplex bench's table: what must be shown, from the outcomes of all events."""

from collections.abc import Iterable, Sequence
from typing import Final

from talkover.client.bench.duplex.lanes_duck import WINDOW, Duck, Ducked
from talkover.client.bench.duplex.measures_field import field_measures
from talkover.client.bench.duplex.measures_rows import mean, quantile, share, with_bar
from talkover.client.bench.duplex.scoring import (
    ANSWERABLE,
    SOON,
    CallOutcome,
    Outcome,
    read_calls,
)
from talkover.client.bench.duplex.types import CallRecording, Kind
from talkover.core.report import Measure

_DUCK: Final = 0.150  # seconds
_LONGEST_PAUSE: Final = 1.02  # seconds: 1.0 and the rounding of a script
_ECHO_MINUTES: Final = 10.0
_FALSE: Final = (
    ("backchannels", (Kind.BACKCHANNEL,), 5.0),
    ("tics, cough, noise", (Kind.TIC, Kind.NOISE), 3.0),
    ("side talk and television", (Kind.SIDE_TALK, Kind.TELEVISION), 8.0),
)


def score(recordings: Sequence[CallRecording]) -> list[Measure]:
    """Every figure of the bench, from what is heard in the recordings."""
    return measures(read_calls(recordings))


def measures(calls: Sequence[CallOutcome]) -> list[Measure]:
    """The same from recordings that have been read; see ``scoring`` for the definitions.

    A row with a bar is always there, and missed when nothing was measured; others only if there
    was something.
    """
    events = [event for call in calls for event in call.events]
    judged = [event for event in events if event.judged]
    rows = _duck_rows(judged) + _yield_rows(judged) + _false_rows(judged)
    rows += _floor_rows(judged) + _resume_rows(judged) + _account_rows(calls)
    scripted = sum(event.event.counts for event in events)
    rows.append(
        share(
            "events that could be judged",
            [event.judged for event in events if event.event.counts],
            note=f"{scripted} scripted; the rest met an agent that did not speak or was ending",
        )
    )
    return [row for row in rows + field_measures(calls) if row.n or row.bar]


def replayed(found: tuple[int, int] | None) -> list[Measure]:
    """The row of `talkover replay`: how many calls it reproduced, and of how many."""
    if found is None:
        return []
    same, total = found
    hits = [True] * same + [False] * (total - same)
    return [share("calls whose replay gives the same events", hits, at_least=100)]


def _duck_rows(judged: Sequence[Outcome]) -> list[Measure]:
    delays, ducked, known = [], [], []
    for event, duck in ((e, e.duck) for e in judged if e.duck is not None):
        after = _softer_after(event, duck)
        known.append(after is not None)
        if after is not None:
            delays.append(after)
        if duck.ducked is not Ducked.UNDECIDED:
            ducked.append(duck.ducked is Ducked.YES)
    note = (
        "interruptions, false ones, backchannels; to ±30 ms; a stop without a duck counts as one, "
        f"neither as {WINDOW:g} s"
    )
    return [
        quantile("duck after the caller's onset p50", delays, 50, at_most=_DUCK, note=note),
        quantile("duck after the caller's onset p90", delays, 90),
        share("ducked within 1 s, of the decided", ducked),
        share("duck undecided or not placed", [not there for there in known]),
    ]


def _softer_after(event: Outcome, duck: Duck) -> float | None:
    """Seconds until the caller heard the agent give way; None: the recording does not tell.

    Before a stop there may have been a duck, so a stop counts only where there was none for
    certain, or where it came too soon for a late duck to matter.
    """
    stop = WINDOW if event.yielded_after is None else min(event.yielded_after, WINDOW)
    if duck.after is not None:
        return duck.after
    return stop if duck.ducked is Ducked.NO or stop <= _DUCK else None


def _yield_rows(judged: Sequence[Outcome]) -> list[Measure]:
    real = _of(judged, Kind.INTERRUPTION)
    after = [e.yielded_after if e.yielded_after is not None else SOON for e in real]
    soon = [e.yielded_after is not None and e.yielded_after <= SOON for e in real]
    name = "yield after a real interruption's onset"
    note = f"one that never comes counts as {SOON:g} s"
    rows = [
        quantile(f"{name} p50", after, 50, at_most=0.4, note=note),
        quantile(f"{name} p95", after, 95, at_most=0.9, note=note),
        share(f"{name}, within 2 s", soon, at_least=97),
        quantile(
            f"{name} p50, at the latest",
            [e.yielded_by if e.yielded_by is not None else SOON for e in real],
            50,
            note="a stop between words counts until the next word was due",
        ),
    ]
    for detail in sorted({e.event.detail for e in real if e.event.detail}):
        group = [v for v, e in zip(after, real, strict=True) if e.event.detail == detail]
        rows.append(quantile(f"{name} p50, {detail}", group, 50))
    return rows


def _false_rows(judged: Sequence[Outcome]) -> list[Measure]:
    rows = []
    for name, kinds, bar in _FALSE:
        group = [e for e in judged if e.event.kind in kinds]
        wrong = [e for e in group if e.false_yield]
        answered = sum(e.answered_after is not None for e in wrong)
        note = f"{len(wrong)}, of which {answered} by answering"
        hits = [e.false_yield for e in group]
        rows.append(share(f"false yields: {name}", hits, at_most=bar, note=note))
        stops = [e.false_yield or e.yielded_after is not None for e in group]
        rows.append(
            share(
                f"silences of 0.3 s and more: {name}",
                stops,
                note="brief ones after which the agent goes on by itself included",
            )
        )
        if len(kinds) > 1:
            for kind in kinds:
                part = [e.false_yield for e in group if e.event.kind is kind]
                rows.append(share(f"false yields: {kind.value.replace('_', ' ')}", part))
    echo = _of(judged, Kind.ECHO)
    minutes = sum(e.agent_seconds for e in echo) / 60
    row = Measure(
        "false yields: own echo",
        float(sum(e.cuts for e in echo)) if echo else float("nan"),
        "",
        n=len(echo),
        note=f"in {minutes:.1f} min of agent speech; {_ECHO_MINUTES:g} min are wanted",
    )
    # Too little echo cannot show that there is no mistake, but one mistake shows enough.
    if minutes >= _ECHO_MINUTES or row.value > 0:
        row = with_bar(row, at_most=0)
    return [*rows, row]


def _floor_rows(judged: Sequence[Outcome]) -> list[Measure]:
    pauses = [e for e in judged if e.event.kind in (Kind.PAUSE, Kind.DICTATION)]
    short = [e for e in pauses if e.event.end - e.event.start <= _LONGEST_PAUSE]
    long = [e for e in pauses if e.event.end - e.event.start > _LONGEST_PAUSE]
    turns = _of(judged, Kind.TURN_END)
    gaps = [g for e in turns if (g := e.answered_after) is not None and g >= 0]
    return [
        _started("agent starts in a mid-turn pause of up to 1.0 s", short, at_most=8),
        _started("of these, in dictated numbers", _of(short, Kind.DICTATION)),
        _started("agent starts in a longer mid-turn pause", long),
        quantile("reply gap p50", gaps, 50, at_most=0.8, note="caller's last sound to agent's"),
        quantile("reply gap p90", gaps, 90, at_most=1.4),
        share(
            "turns answered",
            [e.answered_after is not None for e in turns],
            note=f"within {ANSWERABLE:g} s of their end, or too early",
        ),
        share("turns cut short by the agent", [(e.answered_after or 0) < 0 for e in turns]),
    ]


def _started(name: str, events: Sequence[Outcome], at_most: float | None = None) -> Measure:
    return share(name, [e.started_after is not None for e in events], at_most=at_most)


def _resume_rows(judged: Sequence[Outcome]) -> list[Measure]:
    false = _of(judged, Kind.FALSE_INTERRUPTION)
    stopped = [e for e in false if e.yielded_after is not None]
    again = [e for e in stopped if e.went_on]
    placed = [abs(e.resumed_words_off) <= 1 for e in again if e.resumed_words_off is not None]
    return [
        share(
            "resume after a false interruption",
            [e.went_on for e in stopped],
            at_least=95,
            note="of those that made the agent fall silent, within 4 s of their end",
        ),
        share(
            "resume at the right word",
            placed,
            at_least=95,
            note=f"±1; {len(again) - len(placed)} could not be told",
        ),
        share(
            "false interruptions that did not stop the agent",
            [e.yielded_after is None for e in false],
        ),
        quantile(
            "silence of the agent before a resume p50",
            [e.resumed_after for e in again if e.resumed_after is not None],
            50,
        ),
    ]


def _account_rows(calls: Sequence[CallOutcome]) -> list[Measure]:
    texts = [text for call in calls for text in call.truncated]
    tails = {
        transport: [t for c in calls if c.call.transport == transport for t in c.tails]
        for transport in sorted({c.call.transport for c in calls} | {"grpc"})
    }
    rows = [
        share(
            "heard text at most 1 word off",
            [text.words_off <= 1 for text in texts],
            at_least=95,
            note="the server's account against words played to at least half",
        ),
        mean("heard text, words off, mean", [float(t.words_off) for t in texts], "words"),
    ]
    for transport, values in tails.items():
        bar = 0.060 if transport == "grpc" else None
        name = f"audio from the agent after a yield, {transport}"
        rows.append(
            quantile(f"{name} p95", values, 95, at_most=bar, note="after the server's BARGE_IN")
        )
        rows.append(quantile(f"{name} max", values, 100))
    return rows


def _of(events: Iterable[Outcome], kind: Kind) -> list[Outcome]:
    return [event for event in events if event.event.kind is kind]
