"""What a scripted call is made of. Pure; see ``director`` for who plays it."""

from dataclasses import dataclass, field
from typing import Final

from talkover.client.bench.duplex.clips import Clip
from talkover.client.bench.duplex.types import Kind
from talkover.core.clock import RATE

PATIENCE: Final = 25.0
"""Seconds that an agent's speech is waited for."""
UNANSWERED: Final = 8.0
"""Seconds that an answer is waited for."""


@dataclass(frozen=True, slots=True)
class At:
    """At a time of the call."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AfterReply:
    """Once the agent has answered what was said before and is silent."""

    quiet: float = 0.8
    """Seconds of silence first."""


@dataclass(frozen=True, slots=True)
class OverAgent:
    """While the agent speaks.

    When it has nothing to say it is asked, by a typed turn, to go on.
    """

    heard: float = 1.5
    """Seconds that it must have sounded in this reply."""
    latest: float = 18.0
    """And must not exceed: the reply could end by itself."""


Cue = At | AfterReply | OverAgent


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A sound of a step.

    Attributes:
        clip: What.
        at: Samples from the step's start.
        own: It is the caller's own voice.
    """

    clip: Clip
    at: int = 0
    own: bool = True

    @property
    def end(self) -> int:
        """Samples from the step's start."""
        return self.at + len(self.clip.pcm)


@dataclass(frozen=True, slots=True)
class Mark:
    """An event of a step; start and end are samples from the step's start."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    voice: str = ""
    language: str = "en"
    snr: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something that happens at one cue.

    Attributes:
        cue: When.
        pieces: What sounds.
        marks: What that is.
        rest: Seconds after it in which nothing else happens, unless the next cue is ``AfterReply``.
        answer: Seconds in which the agent may answer it before it is asked to go on.
        listen: Seconds that the agent is to be listened to instead, its silences not counted; the
            marks span all of it. Without them it is over after 1.6 times as long.
    """

    cue: Cue
    pieces: tuple[Piece, ...] = ()
    marks: tuple[Mark, ...] = ()
    rest: float = 2.6
    answer: float = 0.0
    listen: float = 0.0

    @property
    def length(self) -> int:
        """Samples until its last sound has ended."""
        return max((piece.end for piece in self.pieces), default=0)


@dataclass(frozen=True, slots=True)
class EchoOf:
    """A loudspeaker in the caller's room: see ``room.EchoPath``."""

    delay: float
    gain: float
    reverberation: float
    seed: int


@dataclass(frozen=True, slots=True)
class CallPlan:
    """A whole call.

    Attributes:
        name: scenario/split/number.
        scenario: Its name.
        split: "dev" or "heldout".
        style: How long the agent's answers are: "long" or "short".
        seed: Of its answers.
        languages: BCP 47 tags that the server is told.
        steps: In order.
        air: Of the room (dBFS).
        echo: None: the caller wears headphones.
        tail: Seconds to stay on the line after the last step.
        limit: Seconds after which it is hung up in any case.
    """

    name: str
    scenario: str
    split: str
    style: str
    seed: int
    languages: tuple[str, ...]
    steps: tuple[Step, ...] = field(repr=False)
    air: float = -66.0
    echo: EchoOf | None = None
    tail: float = 3.0
    limit: float = 240.0


def said(clip: Clip, kind: Kind, detail: str = "", snr: float | None = None) -> Mark:
    """The mark of a clip at the beginning of a step."""
    return Mark(
        kind, 0, len(clip.pcm), clip.text, clip.voice, clip.language, snr=snr, detail=detail
    )


def in_a_row(*parts: Clip | float) -> tuple[Piece, ...]:
    """Clips of the caller one after another, numbers are silences in seconds."""
    pieces, at = [], 0
    for part in parts:
        if isinstance(part, float):
            at += round(part * RATE)
        else:
            pieces.append(Piece(part, at))
            at += len(part.pcm)
    return tuple(pieces)
