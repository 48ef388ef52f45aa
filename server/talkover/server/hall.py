"""Who is in: atomic admission, the sessions that run, and how they are asked to leave."""

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from talkover.core.errors import AdmissionError
from talkover.core.settings import Settings
from talkover.server.parts import Parts
from talkover.server.session import Gate, Session
from talkover.server.traces import TraceWriter
from talkover.v1 import agent_pb2

_FRAMES: Final = 6_000  # how many frames' lateness is remembered: two minutes of one voice


class Hall:
    """All sessions of a process.

    Args:
        parts: The models that new turns begin on.
        settings: Limits.
        traces: Where turns are kept.
    """

    def __init__(self, parts: Callable[[], Parts], settings: Settings, traces: TraceWriter) -> None:
        self.parts = parts
        self.traces = traces
        self.draining = False
        self._settings = settings
        self._sessions: dict[str, Session] = {}
        self._late: deque[float] = deque(maxlen=_FRAMES)
        self._left = asyncio.Event()
        self._since = time.monotonic()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def uptime(self) -> float:
        """Seconds since the hall opened."""
        return time.monotonic() - self._since

    def late_p99(self) -> float:
        """99th percentile of how late recent agent frames left, in seconds."""
        return float(np.percentile(self._late, 99)) if self._late else 0.0

    def admit(self, gate: Gate) -> Session:
        """Make a session for a caller whose start message was found good.

        Raises:
            AdmissionError: the server is full, or going down.
        """
        if self.draining:
            raise AdmissionError("the server is going down; call another one")
        if len(self._sessions) >= self._settings.server.max_sessions:
            raise AdmissionError(f"all {len(self._sessions)} lines are taken; call again later")
        session = Session(
            secrets.token_hex(8),
            gate,
            self.parts,
            self._settings,
            self.traces,
            on_late=self._late.append,
        )
        self._sessions[session.id] = session
        return session

    def dismiss(self, session: Session) -> None:
        """The session is over."""
        self._sessions.pop(session.id, None)
        self._left.set()

    async def drain(self, deadline: float) -> None:
        """Admit nobody, let running turns finish, and end what is left after ``deadline`` s."""
        self.draining = True
        for session in self._sessions.values():
            session.leave(agent_pb2.END_REASON_SHUTDOWN)
        until = time.monotonic() + deadline
        while self._sessions and time.monotonic() < until:
            self._left.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(until - time.monotonic()):
                    await self._left.wait()
        for session in self._sessions.values():
            session.end(agent_pb2.END_REASON_SHUTDOWN)
