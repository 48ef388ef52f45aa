"""Who is in: atomic admission, the sessions that run, and how they are asked to leave."""

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import numpy as np

from talkover.core.errors import AdmissionError
from talkover.core.settings import Settings
from talkover.server.memory import Tidier
from talkover.server.session import Gate, Session
from talkover.server.swap.house import House
from talkover.server.traces import TraceWriter
from talkover.server.workers.lines import Lines
from talkover.v1 import agent_pb2

_FRAMES: Final = 6_000  # how many frames' lateness is remembered: two minutes of one voice


class Observer(Protocol):
    """Who counts what happens; see ``talkover.server.observing``."""

    def session_began(self, transport: str) -> None:
        """A caller was let in, who came over ``grpc`` or ``webrtc``."""

    def refused(self, code: str) -> None:
        """A caller was not let in, for there is no room."""

    def frame_left(self, late: float) -> None:
        """An agent frame left, so many seconds late."""

    def replied(self, stages: Mapping[str, float]) -> None:
        """A reply became audible; seconds from the end of the caller's speech by stage."""


class Place:
    """Room for one session, held before the session itself can be made.

    Args:
        release: Gives it back; called once.
    """

    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release

    def release(self) -> None:
        """Give it back. Safe to call again."""
        if self._release is not None:
            self._release()
            self._release = None


class Hall:
    """All sessions of a process.

    Args:
        house: The models.
        settings: Limits.
        traces: Where turns are kept.
        observer: Told what happens.
        lines: Room for calls; may be shared with other processes.
    """

    def __init__(
        self,
        house: House,
        settings: Settings,
        traces: TraceWriter,
        observer: Observer,
        lines: Lines,
    ) -> None:
        self.house = house
        self.traces = traces
        self.draining = False
        self._settings = settings
        self._observer = observer
        self._sessions: dict[str, Session] = {}
        self._places: dict[str, Place] = {}
        self._late: deque[float] = deque(maxlen=_FRAMES)
        self._lines = lines
        self._tidier = Tidier()
        self._left = asyncio.Event()
        self._since = time.monotonic()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def taken(self) -> int:
        """Calls now, over all processes of the server."""
        return self._lines.taken()

    @property
    def uptime(self) -> float:
        """Seconds since the hall opened."""
        return time.monotonic() - self._since

    def late_p99(self) -> float:
        """99th percentile of how late recent agent frames left, in seconds."""
        return float(np.percentile(self._late, 99)) if self._late else 0.0

    def hold(self) -> Place:
        """Keep room for a caller who has yet to say how the session shall start.

        Raises:
            AdmissionError: the server is full, or going down.
        """
        self._refuse_late_comers()
        if not self._lines.take():
            most = self._settings.server.max_sessions
            raise self._refusal(f"all {most} lines are taken; call again later")
        return Place(self._lines.give)

    def admit(self, gate: Gate, transport: str, place: Place | None = None) -> Session:
        """Make a session for a caller whose start message was found good.

        Args:
            gate: Has admitted the start message.
            transport: ``grpc`` or ``webrtc``.
            place: That was held for it; it becomes the session's.

        Raises:
            AdmissionError: the server is full, or going down.
        """
        self._refuse_late_comers()
        place = place or self.hold()
        try:
            session = Session(
                secrets.token_hex(8),
                gate,
                self.house,
                self._settings,
                self.traces,
                on_late=self._frame_left,
                on_reply=self._observer.replied,
            )
        except BaseException:
            place.release()
            raise
        self._sessions[session.id] = session
        self._places[session.id] = place
        self._observer.session_began(transport)
        return session

    def _refuse_late_comers(self) -> None:
        if self.draining:
            raise self._refusal("the server is going down; call another one")

    def _refusal(self, why: str) -> AdmissionError:
        error = AdmissionError(why)
        self._observer.refused(error.code)
        return error

    def _frame_left(self, late: float) -> None:
        self._late.append(late)
        self._observer.frame_left(late)

    def dismiss(self, session: Session) -> None:
        """The session is over."""
        self._sessions.pop(session.id, None)
        if (place := self._places.pop(session.id, None)) is not None:
            place.release()
        session.let_go()
        self._tidier.call_over()
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
