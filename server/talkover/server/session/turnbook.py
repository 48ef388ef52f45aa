"""Keeps a call's books: a record a turn, and the observations that replay it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from talkover.core.clock import RATE
from talkover.core.errors import TalkoverError
from talkover.core.records import (
    MAX_TEXT,
    Consent,
    Mark,
    Outcome,
    SessionEvent,
    TurnRecord,
    caller_hash,
    redact,
)
from talkover.server.session import readings
from talkover.server.session.gate import Opening
from talkover.server.session.observations import dump
from talkover.server.session.reply import Milestones
from talkover.server.session.tape import Tape
from talkover.server.session.wire import Segment
from talkover.server.traces import Blobs, TraceWriter
from talkover.server.turns import (
    Aside,
    Change,
    Ledger,
    Observation,
    Talker,
    Tell,
    Think,
    TurnPolicy,
    Voice,
)

_BATCH: Final = 64  # observations in an event: about two seconds of voice
_MAX_MARKS: Final = 256
_REMEMBERED: Final = 64  # closed turns that may still be corrected


@dataclass(slots=True)
class _Entry:
    """A turn that is under way."""

    turn: int
    start: int
    end: int
    marks: list[Mark] = field(default_factory=list)
    decided: int | None = None
    segments: Sequence[Segment] = ()
    text: str = ""
    bundle_id: str = ""
    agent_start: int | None = None
    correction: str | None = None
    latencies: dict[str, float] = field(default_factory=dict)
    blobs: dict[str, "asyncio.Future[str | None]"] = field(default_factory=dict)
    error: str | None = None
    talker: Talker = Talker.UNKNOWN


class TurnBook:
    """Writes what a session does into the trace. Nothing here waits, and nothing here fails it.

    Args:
        session: Its id.
        opening: What the caller agreed to.
        traces: Where records go.
        tape: The caller's audio, kept if the caller agreed.
        temperature: That the brain samples with.
        bundle_of: The weights that a turn runs on.
        over: Told of each turn that is over, with its words.
        policy: Of turn-taking, for replay.
    """

    def __init__(
        self,
        session: str,
        opening: Opening,
        traces: TraceWriter,
        tape: Tape,
        *,
        temperature: float,
        bundle_of: Callable[[int], str],
        over: Callable[[TurnRecord], None],
        policy: TurnPolicy,
    ) -> None:
        self.answering = -1
        self._session = session
        self._consent = opening.consent
        self._caller = caller_hash(opening.caller_id) if opening.caller_id else None
        self._traces = traces
        self._tape = tape
        self._temperature = temperature
        self._bundle_of = bundle_of
        self._over = over
        self._open: dict[int, _Entry] = {}
        self._closed: dict[int, tuple[TurnRecord, Blobs]] = {}
        self._cancelled: int | None = None  # the turn whose answer was dropped just now
        self._seq = 0
        self._batch: list[list[Any]] = []
        self._batch_at = 0
        self._event("opened", 0, {"policy": asdict(policy), "bundle": bundle_of(0)})

    # What happens

    def observe(self, observation: Observation) -> None:
        """Log an observation for replay."""
        self._batch.append(dump(observation, words=self._consent))
        self._batch_at = observation.at
        # Voice alone can wait to be written together; anything else is worth having at once.
        if len(self._batch) >= _BATCH or not isinstance(observation, Voice):
            self._flush()

    def tell(self, tell: Tell) -> None:
        """Log a change of the floor, and open or close the turn that it is about."""
        self._batch.append(["Tell", tell.at, tell.change.value, tell.turn])
        if tell.change is Change.CALLER_STARTED:
            bundle_id = self._bundle_of(tell.turn)
            self._open[tell.turn] = _Entry(tell.turn, tell.at, tell.at, bundle_id=bundle_id)
        entry = self._open.get(tell.turn)
        if entry is not None and len(entry.marks) < _MAX_MARKS:
            entry.marks.append(Mark(at=max(0, tell.at), kind=tell.change.value))
        if tell.change is Change.FALSE_START:
            self._close(tell.turn, Outcome.FALSE_START, None)
        elif tell.turn == self._cancelled:
            self._end_cancelled(tell)

    def end_turn(
        self, command: Think, segments: Sequence[Segment], now: int, bundle_id: str
    ) -> None:
        """The caller's turn is over and is being answered."""
        self.answering = command.turn
        entry = self._open.setdefault(
            command.turn, _Entry(command.turn, command.start, command.end)
        )
        entry.start, entry.end = command.start, max(command.start, command.end)
        entry.decided, entry.segments, entry.bundle_id = now, segments, bundle_id
        entry.text, entry.talker = command.text, Talker.CALLER
        entry.latencies["end_of_turn"] = (now - entry.end) / RATE
        if segments:
            heard = max(segment.heard_at for segment in segments)
            entry.latencies["transcript"] = (heard - entry.end) / RATE
        if self._consent and segments:
            pcm = self._tape.cut(segments[0].start, segments[-1].end)
            entry.blobs["caller"] = self._traces.put_audio(pcm, RATE)

    def aside(self, aside: Aside, segments: Sequence[Segment], bundle_id: str) -> None:
        """What was heard of a turn that is none."""
        entry = self._open.get(aside.turn)
        if entry is not None:
            entry.segments, entry.bundle_id = segments, bundle_id
            entry.text, entry.talker = readings.text(segments), aside.talker

    def cancelled(self, turn: int) -> None:
        """Nothing will be heard of the answer to a turn; what the machine tells next says why."""
        self._cancelled = turn

    def _end_cancelled(self, tell: Tell) -> None:
        if tell.change is Change.AGENT_FINISHED:  # nobody wants an answer
            self._close(tell.turn, Outcome.INTERRUPTED, None)
        elif tell.change is Change.CALLER_CONTINUED and tell.turn in self._open:
            entry = self._open[tell.turn]  # it was not over after all
            entry.decided, entry.segments, entry.text = None, (), ""
            entry.latencies.clear()
            entry.blobs.clear()
        self._cancelled = None

    def heard(self, turn: int) -> tuple[str, str] | None:
        """The words of a turn and the bundle that heard them; None: nobody knows (any more)."""
        if (entry := self._open.get(turn)) is not None:
            return entry.text, entry.bundle_id
        record, _ = self._closed.get(turn, (None, {}))
        return None if record is None or record.redacted else (record.text, record.bundle)

    def correct(self, turn: int, text: str) -> bool:
        """The caller says what a turn should have read; False if there was no such turn."""
        entry = self._open.get(turn)
        if entry is not None:
            entry.correction = text
        elif turn not in self._closed:
            return False
        else:
            self._write_again(turn, text)
        payload = {"turn": turn, "text": text if self._consent else "", "length": len(text)}
        self._event("correction", self._batch_at, payload)
        return True

    def fail(self, turn: int, error: TalkoverError) -> None:
        """The reply to a turn broke off."""
        if turn in self._open:
            self._open[turn].error = error.code

    def became_audible(self, turn: int, marks: Milestones, at: int) -> dict[str, float]:
        """The reply's first frame left: seconds from the end of the caller's speech by stage."""
        entry = self._open[turn]
        entry.agent_start = at
        for name, when in (
            ("first_token", marks.first_token),
            ("voiced", marks.first_audio),
            ("first_audio", at),
        ):
            if when is not None:
                entry.latencies[name] = (when - entry.end) / RATE
        return dict(entry.latencies)

    # Closing

    def close(self, turn: int, outcome: Outcome, ledger: Ledger) -> None:
        """The turn and its reply are over."""
        self._close(turn, outcome, ledger)

    def close_all(self, ledger: Ledger) -> None:
        """The call is over, whatever was under way."""
        for turn in list(self._open):
            mine = ledger if turn == self.answering else None
            self._close(turn, Outcome.HUNG_UP, mine)
        self._flush()
        self._event("ended", self._batch_at, {})

    def _close(self, turn: int, outcome: Outcome, ledger: Ledger | None) -> None:
        entry = self._open.pop(turn, None)
        if entry is None:
            return
        if entry.error is not None and outcome is Outcome.COMPLETED:
            outcome = Outcome.ERROR
        record = self._record(entry, outcome, ledger)
        self._over(record)
        self._keep(record if self._consent else redact(record), entry.blobs)
        self._flush()

    def _write_again(self, turn: int, correction: str) -> None:
        """A turn that is over, with what the caller says of it now; without consent, nothing."""
        record, blobs = self._closed[turn]
        if self._consent:
            changed = {"correction": correction, "revision": record.revision + 1}
            self._keep(record.model_copy(update=changed), blobs)

    def _keep(self, record: TurnRecord, blobs: Blobs) -> None:
        self._traces.record_turn(record, blobs)
        self._closed[record.turn] = (record, blobs)
        if len(self._closed) > _REMEMBERED:
            del self._closed[next(iter(self._closed))]

    def _record(self, entry: _Entry, outcome: Outcome, ledger: Ledger | None) -> TurnRecord:
        end = None
        if ledger is not None and entry.agent_start is not None:
            end = entry.agent_start + ledger.played_of_reply()
        return TurnRecord(
            session=self._session,
            turn=entry.turn,
            turn_id=f"{self._session}-{entry.turn}",
            written_at=time.time(),
            caller=self._caller,
            consent=Consent(record=self._consent, learn=self._consent),
            caller_start=entry.start,
            caller_end=max(entry.start, entry.end),
            decided=entry.decided,
            agent_start=entry.agent_start,
            agent_end=end,
            speaker=entry.talker.value,
            language=entry.segments[-1].transcript.language if entry.segments else "",
            text=entry.text[:MAX_TEXT],
            n_best=readings.n_best(entry.segments),
            words=readings.words(entry.segments),
            said=ledger.said_text()[:MAX_TEXT] if ledger else "",
            heard=ledger.heard_text()[:MAX_TEXT] if ledger else "",
            correction=entry.correction,
            bundle=entry.bundle_id or self._bundle_of(entry.turn),
            temperature=self._temperature,
            marks=tuple(entry.marks),
            latencies=entry.latencies,
            outcome=outcome,
        )

    def _flush(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            self._event("observations", self._batch_at, {"items": batch})

    def _event(self, kind: str, at: int, payload: dict[str, Any]) -> None:
        event = SessionEvent(
            session=self._session,
            seq=self._seq,
            at=max(0, at),
            type=kind,
            payload=payload,
            redacted=not self._consent,  # what could be content was masked before
        )
        self._seq += 1
        self._traces.record_event(event)
