"""What a source says of its recordings, and why some of it is refused. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why nothing can be learnt from an utterance."""

    BAD_LINE = "bad line"
    BAD_ENCODING = "bad encoding"
    COMMAND = "command"
    OUTSIDE = "outside"
    MISSING = "missing"
    NO_AUDIO = "no audio"
    INCOMPLETE = "incomplete"
    RATE = "rate"
    DURATION = "duration"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NOT_FINITE = "not finite"
    CHANNELS = "channels"
    SILENT = "silent"
    CLIPPED = "clipped"
    OFFSET = "offset"
    NO_TEXT = "no text"
    CONTROL = "control characters"
    MARKUP = "markup"
    DIGITS = "digits"
    SCRIPT = "script"
    TOO_FAST = "too fast"
    TOO_SLOW = "too slow"
    NO_LOCALE = "no locale"
    VOTES = "votes"
    DUPLICATE = "duplicate"
    HELD_OUT = "held out"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        reason: Of which kind.
        detail: How far, or where; never what is said.
    """

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An utterance as its source describes it.

    Attributes:
        where: File and line.
        audio: Path of the recording, as the source writes it.
        text: What is said.
        begin: Where the utterance begins in the recording (seconds).
        seconds: How long it is; None: to the recording's end.
        claimed: How long the whole recording is, by the source (seconds).
        rate: Of the recording, by the source (Hz).
        channel: That it is in; None: the only one, or all of them.
        speaker: Whoever it is, the same name for the same person; empty: unknown.
        locale: Such as ``en-GB``; empty: unknown.
        accent: As the source names it.
        traits: Of the speaker, such as gender and age.
        votes: For and against it.
    """

    where: str
    audio: str
    text: str
    begin: float = 0.0
    seconds: float | None = None
    claimed: float | None = None
    rate: int | None = None
    channel: int | None = None
    speaker: str = ""
    locale: str = ""
    accent: str = ""
    traits: dict[str, str] = field(default_factory=dict)
    votes: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An utterance that is left out.

    Attributes:
        where: File and line.
        audio: Path of the recording, as the source writes it; empty if that is not known.
        findings: All that is wrong, at least one.
    """

    where: str
    audio: str
    findings: tuple[Finding, ...]


Item = Entry | Refused


def refused(where: str, reason: Reason, detail: str = "", *, audio: str = "") -> Refused:
    """One with a single finding."""
    return Refused(where, audio, (Finding(reason, detail),))
