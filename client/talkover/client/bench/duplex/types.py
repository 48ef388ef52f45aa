"""What the halves of the bench share: what the script did, what was recorded."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Kind(StrEnum):
    """What a caller, or the room around them, does."""

    TURN_END = "turn_end"
    PAUSE = "pause"
    DICTATION = "dictation"
    BACKCHANNEL = "backchannel"
    TIC = "tic"
    NOISE = "noise"
    INTERRUPTION = "interruption"
    FALSE_INTERRUPTION = "false_interruption"
    SIDE_TALK = "side_talk"
    TELEVISION = "television"
    ECHO = "echo"
    TWO_CALLERS = "two_callers"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the script did; times are seconds in the recording, exact to the sample.

    Attributes:
        kind: What it was.
        start: Onset of its sound; of a pause: when the caller fell silent.
        end: End of its sound; of a pause: when the caller went on.
        text: What was said, if anything.
        voice: Which voice or recording.
        language: ISO 639-1.
        snr: Decibels against the caller's own level (noise, side talk, television); of an echo,
            its gain against the agent's own sound.
        detail: A finer sort: "early", "late", "short", "long", "mid-turn 0.7 s".
        counts: False: played but not scored (the agent was not speaking when it had to be).
    """

    kind: Kind
    start: float
    end: float
    text: str = ""
    voice: str = ""
    language: str = "en"
    snr: float | None = None
    detail: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """What the server said, on the recording's time axis.

    Attributes:
        kind: Name of the event on the wire, as ``AGENT_STARTED``, ``BARGE_IN``, ``TRANSCRIPT``.
        at: Seconds in the recording at which it arrived.
        turn: Which turn it is about; 0 when it is about none.
        text: Words, where it has some.
    """

    kind: str
    at: float
    turn: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class CallRecording:
    """One call, both lanes, with what was done and what was announced.

    Attributes:
        name: Unique: scenario/split/number.
        scenario: Which scenario it belongs to.
        split: "dev" or "heldout".
        transport: "grpc" or "webrtc".
        rate: Samples a second of all lanes, 16,000.
        caller: What was sent, with noise, echo and all: int16 [n].
        near: The caller's own voice alone, for finding true ends: int16 [n].
        agent: What a loudspeaker would have played of what was received: int16 [n].
        events: What the script did.
        server: What the server said.
        words: Words the agent announced, with their times in the recording.
        notes: What went wrong, if anything.
    """

    name: str
    scenario: str
    split: str
    transport: str
    rate: int
    caller: NDArray[np.int16]
    near: NDArray[np.int16]
    agent: NDArray[np.int16]
    events: tuple[Event, ...]
    server: tuple[ServerEvent, ...]
    words: tuple[tuple[str, float, float], ...] = ()
    notes: str = ""
