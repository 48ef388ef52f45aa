"""What waits to be sent to one caller, within a bound."""

import asyncio
from typing import Final

from talkover.core.errors import BusyError
from talkover.v1 import agent_pb2

_DEPTH: Final = 512  # ten seconds of agent frames


class Outbox:
    """A bounded queue of events from session to transport.

    Policy when full: the caller does not read, and a voice agent cannot wait; ``put`` raises and
    the session ends.
    """

    def __init__(self) -> None:
        self._events: asyncio.Queue[agent_pb2.ConverseResponse | None] = asyncio.Queue()
        self._closed = False

    def put(self, event: agent_pb2.ConverseResponse) -> None:
        """Queue an event; after ``close`` it is dropped.

        Raises:
            BusyError: the caller left too many unread.
        """
        if self._closed:
            return
        if self._events.qsize() >= _DEPTH:
            raise BusyError("too many unread events; read the stream while you send")
        self._events.put_nowait(event)

    def close(self, last: agent_pb2.ConverseResponse | None = None) -> None:
        """No more events after ``last``, if there is one. What is queued is still delivered."""
        if self._closed:
            return
        self._closed = True
        if last is not None:
            self._events.put_nowait(last)
        self._events.put_nowait(None)

    async def next(self) -> agent_pb2.ConverseResponse | None:
        """The next event; None when there are no more."""
        return await self._events.get()
