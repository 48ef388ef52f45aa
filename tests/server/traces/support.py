"""Records to write, and a look at what arrived."""

from typing import Any

import redis

from talkover.core.records import Consent, Outcome, SessionEvent, TurnRecord
from talkover.core.traces.streams import EVENTS, TURNS


def make_turn(turn: int, session: str = "s", text: str = "hello there") -> TurnRecord:
    return TurnRecord(
        session=session,
        turn=turn,
        turn_id=f"{session}:{turn}",
        written_at=1.7e9,
        consent=Consent(record=True),
        caller_start=0,
        caller_end=16_000,
        text=text,
        heard="hi",
        bundle="b",
        outcome=Outcome.COMPLETED,
        latencies={"first_audio": 0.7},
    )


def make_event(seq: int, session: str = "s") -> SessionEvent:
    return SessionEvent(session=session, seq=seq, at=seq * 320, type="tick", payload={"n": seq})


class Streams:
    """What has arrived in a Redis."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=2, protocol=2)

    def turns(self) -> list[int]:
        return [record.turn for record in self.records()]

    def records(self) -> list[TurnRecord]:
        return [TurnRecord.parse(data) for data in self._data(TURNS)]

    def events(self, session: str = "s") -> list[int]:
        return [SessionEvent.parse(data).seq for data in self._data(EVENTS + session)]

    def _data(self, stream: str) -> list[bytes]:
        entries: Any = self._client.xrange(stream)
        return [fields[b"record"] for _, fields in entries]

    def life(self, session: str = "s") -> int:
        return self._client.ttl(EVENTS + session)

    def flush(self) -> None:
        self._client.flushall()
