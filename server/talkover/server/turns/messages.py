"""What goes into the turn-taking core and what comes out. All of it is plain, stamped data.

Observations are facts from outside; commands are what the session must do about them. Both are
logged, so that a call can be replayed through the core.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Voice:
    """A hop of caller audio that ends at ``at`` holds a voice with this probability."""

    at: int
    probability: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed: the session's clock stands at ``at``."""

    at: int


@dataclass(frozen=True, slots=True)
class Heard:
    """The listener answered ``Listen`` number ``listen``."""

    at: int
    listen: int
    text: str


@dataclass(frozen=True, slots=True)
class Typed:
    """The caller typed a whole turn."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed "stop"."""

    at: int


@dataclass(frozen=True, slots=True)
class ReplyAudible:
    """The first frame of the reply to ``turn`` went out."""

    at: int
    turn: int


@dataclass(frozen=True, slots=True)
class ReplyOver:
    """The reply to ``turn`` was said to its end, or there will be none."""

    at: int
    turn: int


Observation = Voice | Tick | Heard | Typed | Pressed | ReplyAudible | ReplyOver


class Purpose(StrEnum):
    """Why a stretch of audio is transcribed."""

    PARTIAL = "partial"
    """The caller is still speaking; nothing depends on it."""
    CANDIDATE = "candidate"
    """The caller paused: these may be the turn's last words."""
    SEGMENT = "segment"
    """A long turn's beginning, settled before its end is known."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Transcribe caller audio from ``start`` to ``end`` and answer with ``Heard``."""

    listen: int
    turn: int
    start: int
    end: int
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Think:
    """The turn is over: answer it. Earlier listens of the turn are settled."""

    turn: int
    text: str
    start: int
    end: int
    """Where the caller's last voiced hop ended."""
    listens: tuple[int, ...] = ()
    """Whose words make up the text, in order."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Drop the reply to ``turn``, of which nothing was audible yet."""

    turn: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Fall silent now, and keep of the reply to ``turn`` only what was heard."""

    turn: int


class Change(StrEnum):
    """What the other side is told of; the wire's ``TurnEventKind`` in lower case."""

    CALLER_STARTED = "caller_started"
    CALLER_ENDED = "caller_ended"
    FALSE_START = "false_start"
    CALLER_CONTINUED = "caller_continued"
    AGENT_STARTED = "agent_started"
    AGENT_FINISHED = "agent_finished"
    OVERLAP = "overlap"
    BARGE_IN = "barge_in"


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the caller, and the trace, that the floor changed."""

    at: int
    change: Change
    turn: int


Command = Listen | Think | Cancel | Stop | Tell
