"""What goes into the turn-taking core and what comes out. All of it is plain, stamped data.

Observations are facts from outside; commands are what the session must do about them. Both are
logged, so that a call can be replayed through the core.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Voice:
    """A hop of caller audio that ends at ``at``.

    Attributes:
        at: Where the hop ends.
        probability: That a voice is in it, once the agent's echo is taken off.
        echo: How much of it is the agent's own sound, 0 to 1.
    """

    at: int
    probability: float
    echo: float = 0.0


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a transcript say about the floor; see ``talkover.core.words``.

    They stand beside the text because a trace without consent keeps them and not the text.

    Attributes:
        count: How many.
        backchannel: Prior that they only say "go on".
        floor: Prior that they take the floor.
        hallucination: Prior that nobody said them.
        own: Share that the agent has just said itself.
        completeness: Chance that a turn may end with them.
        dictating: They stop in the middle of a number or a spelling.
        hesitating: The last of them only hold the floor.
    """

    count: int = 1
    backchannel: float = 0.0
    floor: float = 0.5
    hallucination: float = 0.0
    own: float = 0.0
    completeness: float = 0.5
    dictating: bool = False
    hesitating: bool = False


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
    words: Words = Words()


@dataclass(frozen=True, slots=True)
class Ending:
    """How the audio of ``Listen`` number ``listen`` sounds: the chance that the turn is over."""

    at: int
    listen: int
    probability: float


@dataclass(frozen=True, slots=True)
class Speaker:
    """The chance that who speaks in the caller's turn ``turn`` is the caller."""

    at: int
    turn: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Classified:
    """What the overlap classifier makes of a sound over the agent's speech; sums to 1."""

    at: int
    turn: int
    barge_in: float
    backchannel: float
    side_talk: float
    noise: float
    echo: float


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


Observation = (
    Voice
    | Tick
    | Heard
    | Ending
    | Speaker
    | Classified
    | Typed
    | Pressed
    | ReplyAudible
    | ReplyOver
)


class Purpose(StrEnum):
    """Why a stretch of audio is transcribed."""

    PARTIAL = "partial"
    """The caller is still speaking; nothing depends on it."""
    OVERLAP = "overlap"
    """Both are speaking: the words decide whether the agent yields."""
    CANDIDATE = "candidate"
    """The caller paused: these may be the turn's last words."""
    SEGMENT = "segment"
    """A long turn's beginning, settled before its end is known."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Transcribe caller audio from ``start`` to ``end`` and answer with ``Heard``.

    The voice itself lies between ``first`` and ``last``; what is around it is there for the
    listener's sake.
    """

    listen: int
    turn: int
    start: int
    end: int
    purpose: Purpose
    first: int = 0
    last: int = 1 << 62


@dataclass(frozen=True, slots=True)
class Think:
    """Prepare an answer to the turn. Nothing of it may be audible before ``Release``."""

    turn: int
    text: str
    start: int
    end: int
    """Where the caller's last voiced hop ended."""
    listens: tuple[int, ...] = ()
    """Whose words make up the text, in order."""


@dataclass(frozen=True, slots=True)
class Release:
    """The turn is over: the answer in preparation may be heard."""

    turn: int


class Talker(StrEnum):
    """Whom the caller's lane carries; the wire's ``Speaker`` in lower case."""

    UNKNOWN = "unspecified"
    CALLER = "caller"
    OTHER = "other"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Aside:
    """What was heard in ``turn`` is no turn of the caller's; keep who said it, and when."""

    turn: int
    listens: tuple[int, ...]
    talker: Talker


@dataclass(frozen=True, slots=True)
class Nod:
    """Hum that you listen, in a pause of the caller's turn ``turn``."""

    turn: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Drop the reply to ``turn``, of which nothing was audible yet."""

    turn: int


@dataclass(frozen=True, slots=True)
class Duck:
    """Say on more quietly: the caller may want the floor. ``Unduck`` or ``Stop`` follows."""

    turn: int


@dataclass(frozen=True, slots=True)
class Unduck:
    """Say on as before."""

    turn: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Fall silent now. ``Resume`` or ``Discard`` follows."""

    turn: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Nobody wanted the floor: go on at the first word that was not heard."""

    turn: int


@dataclass(frozen=True, slots=True)
class Discard:
    """Keep of the reply to ``turn`` only what was heard."""

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
    DUCKED = "ducked"
    UNDUCKED = "unducked"
    BARGE_IN = "barge_in"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the caller, and the trace, that the floor changed.

    ``turn`` is the caller's turn in question; for what the agent does (``AGENT_``, ``DUCKED``,
    ``UNDUCKED``, ``BARGE_IN``, ``RESUMED``) the one that it was answering.
    """

    at: int
    change: Change
    turn: int


Command = (
    Listen | Think | Release | Aside | Nod | Cancel | Duck | Unduck | Stop | Resume | Discard | Tell
)
