"""Reading what calls left behind, out of Redis."""

from typing import Any

import redis

from talkover.core.records import SessionEvent
from talkover.core.traces.connecting import PAGE, entries
from talkover.core.traces.streams import EVENTS


def session_events(client: "redis.Redis", session: str) -> list[SessionEvent]:
    """The events of a call, as they were written; none if it is not known.

    Raises:
        TraceError: one cannot be read.
    """
    return [SessionEvent.parse(fields[b"record"]) for fields in entries(client, EVENTS + session)]


def sessions(client: "redis.Redis") -> list[str]:
    """The calls whose events are kept, in the order of their ids."""
    found: Any = client.scan_iter(match=f"{EVENTS}*", count=PAGE)
    return sorted(key.decode().removeprefix(EVENTS) for key in found)
