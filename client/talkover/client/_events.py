"""What a call tells the caller: frozen values, no protobuf.

Every position (``at``, ``*_at``) is on the session's media clock: samples at 16 kHz from the
session's start, whatever rate the audio itself has. ``received`` is this process's monotonic
clock in seconds, taken the moment the message left the network.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from talkover.core.audio.formats import AudioFormat


class Speaker(StrEnum):
    """Who is heard on the caller's lane."""

    UNSPECIFIED = "unspecified"
    CALLER = "caller"
    OTHER = "other"
    AGENT = "agent"


class TurnKind(StrEnum):
    """What happens between the two who talk."""

    CALLER_STARTED = "caller_started"
    """The caller began to speak; ``at`` is the onset."""
    CALLER_ENDED = "caller_ended"
    """The caller's turn is over; the agent thinks."""
    FALSE_START = "false_start"
    """What sounded like a turn held no words."""
    CALLER_CONTINUED = "caller_continued"
    """The caller went on: the reply in preparation is dropped, the turn continues."""
    AGENT_STARTED = "agent_started"
    """The agent's first audio of a reply."""
    AGENT_FINISHED = "agent_finished"
    """The reply was said to its end."""
    OVERLAP = "overlap"
    """Both speak."""
    BARGE_IN = "barge_in"
    """The agent stopped for the caller: agent audio not played out yet is to be thrown away, and
    what was played is to be reported. ``RESUMED`` or a ``Truncation`` tells how it went on."""
    DUCKED = "ducked"
    """The agent speaks more quietly: the caller may want the floor."""
    UNDUCKED = "unducked"
    """It speaks as before: they did not."""
    RESUMED = "resumed"
    """The barge-in held no words: the agent goes on at the first word that was not heard."""


class EndReason(StrEnum):
    """Why a session is over."""

    HANG_UP = "hang_up"
    IDLE = "idle"
    """Nobody spoke for too long."""
    TOO_LONG = "too_long"
    """The longest allowed call."""
    SHUTDOWN = "shutdown"
    """The server is going down; call again."""
    ERROR = "error"
    """A ``Problem`` said why."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it lies on the media clock."""

    text: str
    starts_at: int
    ends_at: int
    confidence: float
    """From 0 to 1. Words of the agent have 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events have."""

    at: int
    """When it happened, on the media clock."""
    received: float
    """When it arrived here: seconds of ``time.monotonic``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """The session is open."""

    session_id: str
    bundle_id: str
    """The weights in use now."""
    audio: AudioFormat
    """The format of both lanes."""
    languages: tuple[str, ...]
    """BCP 47 tags of what is listened for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AgentAudio(Event):
    """One frame of 20 ms of the agent's voice."""

    pcm: NDArray[np.int16]
    """int16 [samples] at the session's rate, decoded."""
    lane_position: int
    """Ticks of agent audio that were sent before it, silence between replies not counted."""
    starts_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript(Event):
    """What the listener makes of a caller's turn."""

    turn: int
    final: bool
    """False: the caller is still speaking, and the words may change."""
    text: str
    words: tuple[Word, ...]
    language: str
    confidence: float
    """Geometric mean of the words' confidences."""
    starts_at: int
    ends_at: int
    bundle_id: str
    speaker: Speaker = Speaker.UNSPECIFIED
    """Of a final one: who said it. What was said over the agent and is no turn comes with a
    number of its own, and ``FALSE_START`` follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentText(Event):
    """Words the agent is about to say; their times hold unless it is interrupted.

    After a false interruption words come again, with new times and lane positions. They replace
    those from ``first`` on.
    """

    turn: int
    """The caller's turn that this answers."""
    words: tuple[Word, ...]
    lane_position: int
    """Where the first of them begins on the agent lane."""
    first: int
    """How many words of the reply come before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn(Event):
    """A change of who has the floor."""

    kind: TurnKind
    turn: int
    """The caller's turn. Of what the agent does (``AGENT_STARTED``, ``AGENT_FINISHED``, ``DUCKED``,
    ``UNDUCKED``, ``BARGE_IN``, ``RESUMED``): the one that it is answering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation(Event):
    """The agent was cut off for good: this, and no more, is what the caller heard.

    It follows a ``BARGE_IN`` once that is sure, at the latest when the caller's turn is answered.
    """

    turn: int
    heard_text: str
    played: int
    """Ticks of the agent lane that were heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings(Event):
    """Where the time of a reply went: seconds, each from the end of the caller's speech."""

    turn: int
    end_of_turn: float
    transcript: float
    first_token: float
    first_audio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance(Event):
    """The picture that a reply speaks of; it comes before the reply's first words."""

    turn: int
    """The caller's turn that is answered."""
    asked_at: int
    """The moment that was asked about: when the word was said that points at something, or as
    long before as was said."""
    taken_at: int
    """When the picture was taken."""
    source: str
    """``camera``, ``screen`` or ``file``."""
    blank: bool
    """There is nothing to be seen in it."""
    cue: str
    """The caller's words that told the moment; empty: none did, and the last word counts."""
    compared_at: int | None
    """When the picture was taken that it is compared with, if it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Event):
    """Something went wrong. The session goes on unless ``Ended`` follows."""

    code: str
    message: str
    """What to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The last event of a session."""

    reason: EndReason
    turns: int
