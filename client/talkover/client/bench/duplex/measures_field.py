"""Our figures under the names and definitions that others publish, and what they published.

Their dialogues are others, so their values are orientation and no bar.

- *Full-Duplex-Bench v1*: the take-over rate is the share of samples in which the agent says more
  than nothing: below 1 s and at most 3 words count as nothing. Latency is its first sound after the
  caller's end. Their backchannel task lets the agent listen to a long turn; ours takes the caller's
  whole turns for it, up to their ends.
- *Full-Duplex-Bench v1.5*: holes of up to 0.6 s in the caller's and 0.5 s in the agent's lane are
  closed; stop latency is how long both then sound together after an interruption, response latency
  is from the caller's end to the agent's next start.
- *τ-voice*: L_R and L_Y are means; R_Y counts yields within 2 s, R_R turns that were answered
  before the caller spoke again; I_A is agent starts in the caller's speech or turn, per turn;
  selectivity is 1 - the share of events that the agent stopped for within 1 s, resumed or not, or
  answered within 2 s.
- *eot-bench*: turns in which the agent starts in a pause of at least 100 ms, and the mean reply
  latency, at the one operating point that the server has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from talkover.client.bench import measure
from talkover.client.bench.duplex.measures_rows import mean, quantile, share
from talkover.client.bench.duplex.scoring import ANSWERABLE, SOON, CallOutcome, Outcome
from talkover.client.bench.duplex.types import Kind
from talkover.client.bench.measure import Span
from talkover.core.report import Measure

_WORDS: Final = 3
_TAKEN: Final = 1.0  # seconds of speech that take the floor
_AGENT_HOLE: Final = 0.5  # seconds
_STOPS: Final = 1.0  # seconds within which a stop is a wrong one


@dataclass(frozen=True, slots=True)
class Published:
    """What others report for one of our rows.

    Attributes:
        row: The name of ours.
        others: Their figures, as they give them.
    """

    row: str
    others: str


PUBLISHED: Final = (
    Published(
        "FDB v1 take-over, pause",
        "Moshi 98 %; PersonaPlex 58 to 66 %; GPT-Realtime 1 to 12 %",
    ),
    Published("FDB v1 take-over, backchannel", "Moshi 100 %; PersonaPlex 33 %; GPT-Realtime 0 %"),
    Published("FDB v1 take-over, turn end", "Moshi 94 %; PersonaPlex 99 %; GPT-Realtime 100 %"),
    Published("FDB v1 latency, turn end", "Moshi 0.27 s; PersonaPlex 0.07 s; GPT-Realtime 1.47 s"),
    Published(
        "FDB v1 take-over, interruption", "Moshi 100 %; PersonaPlex 100 %; GPT-Realtime 97 %"
    ),
    Published(
        "FDB v1 latency, interruption", "Moshi 0.26 s; PersonaPlex 0.40 s; GPT-Realtime 1.50 s"
    ),
    Published("τ-voice L_R", "gpt-realtime-1.5 1.39 s; Gemini 3.1 Live 1.64; LiveKit 4.24"),
    Published("τ-voice L_Y", "gpt-realtime-1.5 0.42 s; Gemini 3.1 Live 0.82; LiveKit 0.87"),
    Published("τ-voice R_Y", "gpt-realtime-1.5 100 %; Gemini 3.1 Live 52 %; LiveKit 99 %"),
    Published("τ-voice I_A", "gpt-realtime-1.5 0.14; Gemini 3.1 Live 0.10; LiveKit 0.64"),
    Published("τ-voice selectivity BC", "gpt-realtime-1.5 2 %; Gemini 3.1 Live 90 %; LiveKit 67 %"),
    Published("τ-voice selectivity VT", "gpt-realtime-1.5 5 %; Gemini 3.1 Live 51 %; LiveKit 49 %"),
    Published(
        "τ-voice selectivity ND", "gpt-realtime-1.5 10 %; Gemini 3.1 Live 27 %; LiveKit 58 %"
    ),
    Published(
        "eot false cut-offs",
        "at 300 / 600 ms of latency: LiveKit v1 9.9 / 4.5 %; SmartTurn v3.2 35.2 / 14.8 %; "
        "voice activity alone 55.6 / 21.7 %",
    ),
    Published(
        "eot latency, mean",
        "at 5 / 10 % cut-offs: LiveKit v1 0.54 / 0.30 s; SmartTurn v3.2 1.05 / 0.74 s; "
        "voice activity alone 1.60 / 1.00 s",
    ),
)


def field_measures(calls: Sequence[CallOutcome]) -> list[Measure]:
    """The rows in the terms of others."""
    return _fdb(calls) + _fdb15(calls) + _tau(calls) + _eot(calls)


def _fdb(calls: Sequence[CallOutcome]) -> list[Measure]:
    pause, inside, turn, interruption = [], [], [], []
    turn_after, interruption_after = [], []
    for call in calls:
        for e in _judged(call, Kind.PAUSE, Kind.DICTATION):
            start = None if e.started_after is None else e.onset + e.started_after
            pause.append(_takes(call, start))
        for e in _judged(call, Kind.TURN_END):
            start = _answer(e)
            early = start is not None and start < e.true_end
            inside.append(early and _takes(call, start))
            turn.append(not early and _takes(call, start))
            if turn[-1] and e.answered_after is not None:
                turn_after.append(e.answered_after)
        for e in _judged(call, Kind.INTERRUPTION):
            start = _answer(e)
            interruption.append(_takes(call, start))
            if interruption[-1] and e.answered_after is not None:
                interruption_after.append(e.answered_after)
    return [
        share("FDB v1 take-over, pause", pause, note="lower is better"),
        share("FDB v1 take-over, backchannel", inside, note="inside the caller's turns; lower"),
        share("FDB v1 take-over, turn end", turn, note="higher is better"),
        mean("FDB v1 latency, turn end", turn_after),
        share("FDB v1 take-over, interruption", interruption, note="higher is better"),
        mean("FDB v1 latency, interruption", interruption_after),
    ]


def _fdb15(calls: Sequence[CallOutcome]) -> list[Measure]:
    stops, responses = [], []
    for call in calls:
        agent = measure.sound_spans(call.call.agent, call.call.rate, merge=_AGENT_HOLE)
        for e in _judged(call, Kind.INTERRUPTION):
            said = next((s for s in call.near if s.start < e.true_end and s.end > e.onset), None)
            if said is None:
                continue
            mine = Span(max(said.start, e.onset), said.end)
            both = [s for s in agent if s.start < mine.end and s.end > mine.start]
            stops.append(sum(min(s.end, mine.end) - max(s.start, mine.start) for s in both))
            after = [s.start for s in agent if mine.end <= s.start < mine.end + ANSWERABLE]
            if after:
                responses.append(after[0] - mine.end)
    return [
        mean("FDB v1.5 stop latency", stops),
        mean("FDB v1.5 response latency", responses),
    ]


def _tau(calls: Sequence[CallOutcome]) -> list[Measure]:
    turns = [e for c in calls for e in _judged(c, Kind.TURN_END)]
    real = [e for c in calls for e in _judged(c, Kind.INTERRUPTION)]
    answers = [g for e in turns if (g := e.answered_after) is not None and g >= 0]
    yields = [y for e in real if (y := e.yielded_after) is not None]
    barged = sum(
        any(said.start < start < said.end for said in _caller_speech(call))
        for call in calls
        for start in call.lane.fresh
    )
    said = len(turns) + len(real)
    selectivity = [
        _selectivity("τ-voice selectivity BC", calls, Kind.BACKCHANNEL),
        _selectivity("τ-voice selectivity VT", calls, Kind.TIC),
        _selectivity("τ-voice selectivity ND", calls, Kind.SIDE_TALK, Kind.TELEVISION),
    ]
    known = [row.value for row in selectivity if row.n]
    average = sum(known) / len(known) if len(known) == len(selectivity) else float("nan")
    return [
        mean("τ-voice L_R", answers),
        mean("τ-voice L_Y", yields),
        share("τ-voice R_Y", [(y := e.yielded_after) is not None and y <= SOON for e in real]),
        share("τ-voice R_R", [(g := e.answered_after) is not None and g >= 0 for e in turns]),
        Measure("τ-voice I_A", barged / said if said else float("nan"), "a turn", n=said),
        *selectivity,
        Measure(
            "τ-voice selectivity, mean",
            average,
            "%",
            n=sum(row.n for row in selectivity),
            note="nobody has 90 % with R_Y of 95 % and L_Y of 0.4 s",
        ),
    ]


def _eot(calls: Sequence[CallOutcome]) -> list[Measure]:
    cut_off, gaps = [], []
    for call in calls:
        pauses = _judged(call, Kind.PAUSE, Kind.DICTATION)
        before = 0.0
        for turn in sorted(_judged(call, Kind.TURN_END), key=lambda turn: turn.true_end):
            inside = [p for p in pauses if before <= p.onset < turn.true_end]
            before = turn.true_end
            long = [p for p in inside if p.event.end - p.event.start >= 0.1]
            if long:
                cut_off.append(any(p.started_after is not None for p in long))
            if turn.answered_after is not None and turn.answered_after >= 0:
                gaps.append(turn.answered_after)
    return [
        share("eot false cut-offs", cut_off, note="turns with pauses; lower is better"),
        mean("eot latency, mean", gaps),
        quantile("eot latency, p50", gaps, 50),
    ]


def _selectivity(name: str, calls: Sequence[CallOutcome], *kinds: Kind) -> Measure:
    events = [e for call in calls for e in _judged(call, *kinds)]
    return share(name, [not _reacted(e) for e in events])


def _reacted(e: Outcome) -> bool:
    stopped = e.yielded_after is not None and e.yielded_after <= _STOPS
    return stopped or e.answered_after is not None


def _caller_speech(call: CallOutcome) -> list[Span]:
    """Where the caller's voice is heard, and whole turns with their pauses."""
    turns = _judged(call, Kind.TURN_END)
    return [*call.near, *(Span(turn.onset, turn.true_end) for turn in turns)]


def _judged(call: CallOutcome, *kinds: Kind) -> list[Outcome]:
    return [e for e in call.events if e.judged and e.event.kind in kinds]


def _answer(e: Outcome) -> float | None:
    return None if e.answered_after is None else e.true_end + e.answered_after


def _takes(call: CallOutcome, start: float | None) -> bool:
    """Whether what the agent says from there on takes the floor."""
    if start is None:
        return False
    span = next((s for s in call.lane.spans if s.start <= start + 0.01 < s.end), None)
    if span is None:
        return False
    words = sum(span.start - 0.1 <= word[1] < span.end for word in call.call.words)
    return span.seconds >= _TAKEN or words > _WORDS
