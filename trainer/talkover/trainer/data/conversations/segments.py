"""What a conversation is made of: stretches of speech on a lane. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from talkover.trainer.data.mouths import Sound
from talkover.trainer.data.timing import TimedWord


class Who(StrEnum):
    """Whose voice it is."""

    CALLER = "caller"
    AGENT = "agent"
    BYSTANDER = "bystander"
    TELEVISION = "television"


class Kind(StrEnum):
    """What it does to the talk; the names of those that the overlap classifier knows are its."""

    TURN = "turn"
    BARGE_IN = "barge_in"
    BACKCHANNEL = "backchannel"
    SIDE_TALK = "side_talk"
    ECHO = "echo"


class Lane(StrEnum):
    """Where it is heard; in the order of the channels."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Something that somebody said.

    Attributes:
        pcm: float32 [n] at 16 kHz, without silence around it.
        words: When (samples of ``pcm``).
        speaker: Name; the same voice has the same.
        accent: Code; empty where nobody knows.
    """

    pcm: Sound
    words: tuple[TimedWord, ...]
    speaker: str
    accent: str = ""


Source = Callable[[Who, Kind], Spoken]
"""Whatever speaks: asked for the next thing that somebody says of a kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A stretch of speech on a lane.

    Attributes:
        who: Speaks.
        kind: What it does to the talk.
        lane: Where it is heard.
        start: First sample, on the conversation's clock.
        end: Behind the last one.
        words: That are heard, on the same clock; the last one may be cut off.
        spoken: What it is a part of, from its beginning on.
        cut: Somebody broke in, and the rest was not said.
    """

    who: Who
    kind: Kind
    lane: Lane
    start: int
    end: int
    words: tuple[TimedWord, ...]
    spoken: Spoken
    cut: bool = False

    @classmethod
    def at(cls, start: int, who: Who, kind: Kind, spoken: Spoken) -> Self:
        """All of what was said, on its speaker's lane."""
        lane = Lane.AGENT if who is Who.AGENT else Lane.CALLER
        words = tuple(word.later(start) for word in spoken.words)
        return cls(who, kind, lane, start, start + len(spoken.pcm), words, spoken)

    @property
    def text(self) -> str:
        """What is heard of it."""
        return " ".join(word.text for word in self.words)

    def until(self, end: int) -> Self:
        """The part before a sample; a word that is under way there is cut off, too."""
        if end >= self.end:
            return self
        words = tuple(_until(word, end) for word in self.words if word.start < end)
        return replace(self, end=end, words=words, cut=True)

    def heard_later(self, by: int, last: int) -> Self:
        """Its echo on the caller's lane, so many samples later and not behind ``last``."""
        words = tuple(word.later(by) for word in self.words)
        echo = replace(
            self,
            kind=Kind.ECHO,
            lane=Lane.CALLER,
            start=self.start + by,
            end=self.end + by,
            words=words,
        )
        return echo.until(last)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A conversation before it is heard.

    Attributes:
        segments: By their beginnings.
        length: Samples of both lanes.
        echo: Samples by which the agent's echo is late; None: there is no echo.
    """

    segments: tuple[Segment, ...]
    length: int
    echo: int | None = None

    def on(self, lane: Lane) -> list[Segment]:
        """Those of a lane."""
        return [segment for segment in self.segments if segment.lane is lane]


def _until(word: TimedWord, end: int) -> TimedWord:
    if word.end <= end:
        return word
    phones = tuple(
        replace(phone, end=min(phone.end, end)) for phone in word.phones if phone.start < end
    )
    return replace(word, end=end, phones=phones)
