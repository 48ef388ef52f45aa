"""What became of each event of a call, from the recording.

Definitions, all in seconds of the recording:

- *fell silent*: the agent's lane is silent for at least 0.3 s although more was to be said
  (``lanes.Cut``). A reply that came to its own end did not fall silent.
- *yield*: it fell silent after the event's onset: within ``ANSWERABLE`` for an interruption; for
  everything else from the onset to ``SETTLED`` after its end, and at least 1 s. If it was in a
  pause already, the yield is when it would have gone on, the latest moment it can have been.
- *resume*: what sounds next continues the same reply.
- *answer*: a new reply begins between the onset and 2 s after the event's end.
- *false yield*: a yield without a resume within 0.6 s, or an answer. Stricter than the usual
  "stops within 1 s": a long stretch of television may stop the agent at any time.

An event is *judged* when it counts, the agent was speaking at its onset, and the reply did not come
to its own end too soon to tell. Ends of turns and pauses need no speaking agent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from talkover.client.bench import measure
from talkover.client.bench.duplex import lanes_words
from talkover.client.bench.duplex.lanes import Cut, Lane, read_lane
from talkover.client.bench.duplex.lanes_duck import WINDOW, Duck, Ducked, DuckFinder
from talkover.client.bench.duplex.types import CallRecording, Event, Kind, ServerEvent
from talkover.client.bench.measure import Span

ANSWERABLE: Final = 5.0
"""Seconds after a turn's end, or an interruption's onset, in which a reaction is looked for."""
SETTLED: Final = 0.5
"""Seconds after an event's end in which falling silent is still its doing."""
BRIEF: Final = 0.6
"""Seconds: a silence that a resume ends sooner is no yield."""
SOON: Final = 2.0
"""Seconds within which a yield is one, and an answer an answer."""
RESUMES: Final = 4.0
"""Seconds after a false interruption's end within which the agent has to go on."""
FALSE_KINDS: Final = frozenset(
    {Kind.BACKCHANNEL, Kind.TIC, Kind.NOISE, Kind.SIDE_TALK, Kind.TELEVISION, Kind.ECHO}
)
"""What must not make the agent yield."""
_FLOOR: Final = frozenset({Kind.TURN_END, Kind.INTERRUPTION, Kind.TWO_CALLERS})
_PAUSES: Final = frozenset({Kind.PAUSE, Kind.DICTATION})
_VOICED: Final = frozenset({Kind.INTERRUPTION, Kind.BACKCHANNEL, Kind.FALSE_INTERRUPTION})
_COLLISION: Final = 0.2  # seconds: who begins this soon after a pause had decided inside it
_HOLE: Final = 0.05  # seconds of silence that belong to a stretch of speech, after a stop
_ACCOUNT: Final = 0.5  # seconds between a sound's end and the server's word about it, either way
_SLACK: Final = 0.3  # seconds of silence in which the agent still holds the floor


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event; seconds, None where it did not happen.

    Attributes:
        call: The recording's name.
        event: What the script did.
        judged: It can be counted, see the module.
        onset: When its sound began (the pause, for pauses).
        true_end: When the caller's own voice was last heard in it.
        duck: Whether and when the agent was ducked; None where it is not looked for.
        yielded_after: From the onset until the agent fell silent.
        yielded_by: From the onset until it would have sounded again: if it fell silent at the end
            of a word, it decided to between the two.
        resumed_after: From falling silent until it went on.
        resumed_words_off: Where it went on, in words from the first that nobody had heard.
        answered_after: From the true end until a new reply began; below 0: during the event.
        started_after: Of a pause: from its start until the agent began to speak in it.
        false_yield: See the module.
        cuts: How often it fell silent for good in the event; more than one only in long ones.
        agent_seconds: How long the agent sounded in the event.
    """

    call: str
    event: Event
    judged: bool
    onset: float
    true_end: float
    duck: Duck | None = None
    yielded_after: float | None = None
    yielded_by: float | None = None
    resumed_after: float | None = None
    resumed_words_off: int | None = None
    answered_after: float | None = None
    started_after: float | None = None
    false_yield: bool = False
    cuts: int = 0
    agent_seconds: float = 0.0

    @property
    def went_on(self) -> bool:
        """After falling silent, the reply was continued within ``RESUMES`` of the event's end."""
        if self.yielded_after is None or self.resumed_after is None:
            return False
        again = self.onset + self.yielded_after + self.resumed_after
        return again <= self.event.end + RESUMES


@dataclass(frozen=True, slots=True)
class Truncated:
    """A place where the server says what was heard.

    Attributes:
        call: The recording's name.
        at: When the agent fell silent.
        said: The server's account.
        heard: The words that are in the recording.
        words_off: Between the two.
    """

    call: str
    at: float
    said: str
    heard: str
    words_off: int


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """All that was read from one recording.

    Attributes:
        call: The recording.
        lane: What its agent lane says.
        near: Where the caller's own voice is heard, holes under 0.6 s closed.
        events: In the order of the script.
        truncated: The server's accounts against the recording.
        tails: Seconds of agent sound after each of the server's BARGE_IN events.
    """

    call: CallRecording
    lane: Lane
    near: tuple[Span, ...]
    events: tuple[Outcome, ...]
    truncated: tuple[Truncated, ...]
    tails: tuple[float, ...]


def outcomes(call: CallRecording) -> list[Outcome]:
    """What became of each event of one call, which alone serves as reference for ducks."""
    return list(read_calls([call])[0].events)


def read_calls(calls: Sequence[CallRecording]) -> list[CallOutcome]:
    """Read recordings; each serves as reference for the ducks of the others."""
    lanes = [read_lane(call) for call in calls]
    finder = DuckFinder(list(zip(calls, lanes, strict=True)))
    found = []
    for call, lane in zip(calls, lanes, strict=True):
        near = tuple(measure.sound_spans(call.near, call.rate, merge=0.6))
        exact = measure.sound_spans(call.near, call.rate, merge=0.05)
        events = [_with_duck(finder, call, lane, _judge(call, lane, exact, e)) for e in call.events]
        found.append(
            CallOutcome(call, lane, near, tuple(events), _truncated(call, lane), _tails(call))
        )
    return found


def _judge(call: CallRecording, lane: Lane, near: Sequence[Span], event: Event) -> Outcome:
    ends = [min(s.end, event.end) for s in near if s.start < event.end and s.end > event.start]
    true_end = max(ends, default=event.end)
    result = Outcome(call.name, event, event.counts, event.start, true_end)
    if event.kind in _PAUSES:
        until = event.end + _COLLISION
        began = [t for t in lane.fresh if event.start < t < until]
        silent = not lane.sounds_at(event.start)  # else it interrupted before the pause
        return replace(
            result,
            judged=event.counts and silent,
            started_after=began[0] - event.start if began else None,
        )
    if event.kind is Kind.TURN_END:
        started = _first(lane.fresh, event.start, _turn_limit(call, event, true_end))
        return replace(result, answered_after=None if started is None else started - true_end)
    return _overlap(call, lane, result)


def _overlap(call: CallRecording, lane: Lane, result: Outcome) -> Outcome:
    """Judge an event that falls into the agent's speech."""
    event = result.event
    wanted = event.kind in _FLOOR
    window = event.start + ANSWERABLE if wanted else max(event.end + SETTLED, event.start + 1.0)
    limit = min(window, _next_floor(call, event))
    cuts = [c for c in lane.cuts if c.bound > event.start and event.start - 1.0 < c.at < limit]
    cut = _first_lasting(cuts)
    speaking = lane.sounds_at(event.start, slack=_SLACK) or bool(cuts)
    early = event.start + (SOON if wanted else 1.0)
    ended = any(event.start - _SLACK <= end < early for end in lane.ends) and not cuts
    answer = _first(
        lane.fresh,
        event.start,
        _turn_limit(call, event, result.true_end)
        if wanted
        else min(event.end + SOON, _next_floor(call, event)),
    )
    lasting = [c for c in cuts if not _brief(c)]
    false = event.kind in FALSE_KINDS and (bool(lasting) or answer is not None)
    return replace(
        result,
        # What ended by itself shows nothing, unless the event was then answered all the same.
        judged=event.counts and speaking and (not ended or (answer is not None and not wanted)),
        yielded_after=None if cut is None else _after(cut, event.start),
        yielded_by=None if cut is None else cut.bound - event.start,
        resumed_after=cut.until - cut.at if cut and cut.resumed and cut.until is not None else None,
        resumed_words_off=cut.words_off if cut else None,
        answered_after=None if answer is None else answer - result.true_end,
        false_yield=false,
        cuts=len(lasting),
        agent_seconds=_shared(lane.spans, Span(event.start, event.end)),
    )


def _brief(cut: Cut) -> bool:
    return cut.resumed and cut.until is not None and cut.until - cut.at < BRIEF


def _first_lasting(cuts: Sequence[Cut]) -> Cut | None:
    """The first that is not over at once; else the first."""
    return next((cut for cut in cuts if not _brief(cut)), cuts[0] if cuts else None)


def _after(cut: Cut, onset: float) -> float:
    return (cut.at if cut.at >= onset else cut.bound) - onset


def _with_duck(finder: DuckFinder, call: CallRecording, lane: Lane, result: Outcome) -> Outcome:
    if not result.judged or result.event.kind not in _VOICED or not call.words:
        return result
    if not lane.sounds_at(result.onset):
        return replace(result, duck=Duck(Ducked.UNDECIDED))
    silent = [cut.at for cut in lane.cuts if cut.at > result.onset]
    until = min([result.onset + WINDOW, *silent])
    return replace(result, duck=finder.find(call, result.onset, until))


def _next_floor(call: CallRecording, event: Event) -> float:
    """When the caller next says something that asks for the floor."""
    later = [e.start for e in call.events if e.kind in _FLOOR and e.start > event.start]
    return min(later, default=float("inf"))


def _turn_limit(call: CallRecording, event: Event, true_end: float) -> float:
    """Until when a reply answers this turn: the caller's next, or long after."""
    later = [e.start for e in call.events if e.start >= event.end and e.kind in _FLOOR]
    return min([true_end + ANSWERABLE, *later])


def _first(moments: Sequence[float], begin: float, end: float) -> float | None:
    return next((moment for moment in moments if begin < moment < end), None)


def _shared(spans: Sequence[Span], window: Span) -> float:
    return sum(max(min(s.end, window.end) - max(s.start, window.start), 0.0) for s in spans)


def _truncated(call: CallRecording, lane: Lane) -> tuple[Truncated, ...]:
    found = []
    stops = [event.at for event in call.server if event.kind == "BARGE_IN"]
    for event in call.server:
        if event.kind != "TRUNCATION" or not call.words:
            continue
        cut = _last_cut(lane, event.at)
        if cut is None:
            continue
        begin = _reply_start(call.server, lane, event, cut.at)
        words = lanes_words.heard(call.words, begin, cut.at, lane.silences, stops)
        heard = " ".join(word[0] for word in words)
        off = lanes_words.words_apart(heard, event.text)
        found.append(Truncated(call.name, cut.at, event.text, heard, off))
    return tuple(found)


def _last_cut(lane: Lane, moment: float) -> Cut | None:
    """Where the agent was cut off when its server gives the account, which may be long after."""
    cuts = [cut for cut in lane.cuts if cut.at <= moment + _ACCOUNT]
    if not cuts or any(cuts[-1].at < fresh < moment - _ACCOUNT for fresh in lane.fresh):
        return None
    return cuts[-1]


def _reply_start(
    server: Sequence[ServerEvent], lane: Lane, truncation: ServerEvent, stop: float
) -> float:
    starts = [e.at for e in server if e.kind == "AGENT_STARTED" and e.turn == truncation.turn]
    fresh = [moment for moment in lane.fresh if moment < stop]
    if not starts:
        return fresh[-1] if fresh else 0.0
    # The event may come a little before the sound or after it.
    return min(fresh, key=lambda moment: abs(moment - min(starts)), default=min(starts))


def _tails(call: CallRecording) -> tuple[float, ...]:
    """Agent sound after each BARGE_IN: to the end of the stretch that is sounding then.

    What it says once it goes on (RESUMED) is none of that.
    """
    spans = measure.sound_spans(call.agent, call.rate, merge=_HOLE)
    tails = []
    for event in call.server:
        if event.kind == "BARGE_IN":
            again = (e.at for e in call.server if e.kind == "RESUMED" and e.at >= event.at)
            until = min(again, default=float("inf"))
            sounding = [s for s in spans if s.start <= event.at < s.end]
            tails.append(min(sounding[0].end, until) - event.at if sounding else 0.0)
    return tuple(tails)
