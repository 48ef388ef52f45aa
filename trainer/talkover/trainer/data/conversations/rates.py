"""How often things happen in a conversation, and how turns follow one another.

Whoever speaks next begins about 200 ms after the other has ended, most often, and in about a third
of all cases before, by a quarter of a second or so (Heldner and Edlund 2010, "Pauses, gaps and
overlaps in conversations"; Levinson and Torreira 2015, "Timing in turn-taking"). So gaps are drawn
log-normally with their mode there, and overlaps exponentially.
"""

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from talkover.core.clock import RATE
from talkover.core.errors import DataError

MODE: Final = 0.2
"""Seconds of the most frequent gap."""
SPREAD: Final = 0.7
"""Standard deviation of a gap's logarithm: half of all gaps are longer than 0.33 s."""
OVERLAP: Final = 0.275
"""Mean seconds of an overlap between two turns."""
_SHORTEST: Final = 0.02
_LONGEST: Final = 3.0

Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Rates:
    """What is chosen; the shares are 0 to 1.

    Attributes:
        turns: Of the agent and the caller together; the agent begins.
        overlaps: Share of turns that begin before the one before has ended, where nobody breaks in.
        barge_ins: Share of the agent's turns that the caller breaks into.
        backchannels: Of the caller, in a minute of the agent's turns that leaves room for them.
        agent_backchannels: The same the other way round.
        side_talk: In a minute of the conversation: the caller or a bystander, with somebody else.
        television: Share of conversations in which one is on.
        echo: Share of conversations in which the caller's microphone hears the agent.

    Raises:
        DataError: one of them cannot be.
    """

    turns: int = 12
    overlaps: float = 0.3
    barge_ins: float = 0.2
    backchannels: float = 6.0
    agent_backchannels: float = 0.0
    side_talk: float = 1.0
    television: float = 0.2
    echo: float = 0.3

    def __post_init__(self) -> None:
        if not 1 <= self.turns <= 1_000:
            raise DataError(f"a conversation of {self.turns} turns; choose 1 to 1,000")
        for name in ("overlaps", "barge_ins", "television", "echo"):
            if not 0 <= getattr(self, name) <= 1:
                raise DataError(f"{name} is a share, from 0 to 1, not {getattr(self, name)}")
        for name in ("backchannels", "agent_backchannels", "side_talk"):
            if not 0 <= getattr(self, name) <= 30:
                raise DataError(f"{name} are 0 to 30 in a minute, not {getattr(self, name)}")

    def plain(self) -> dict[str, float]:
        """By name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def draw_gap(random: Random) -> int:
    """Samples of silence between two turns."""
    seconds = random.lognormal(math.log(MODE) + SPREAD**2, SPREAD)
    return round(min(seconds, _LONGEST) * RATE)


def draw_overlap(random: Random, most: int) -> int:
    """Samples that two turns share, ``most`` at most."""
    seconds = max(random.exponential(OVERLAP), _SHORTEST)
    return max(1, min(round(seconds * RATE), most))
