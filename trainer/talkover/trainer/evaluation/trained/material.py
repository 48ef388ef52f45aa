"""What readers are judged on: sets of clips, by number, all of the test split.

A clip depends on its material and number alone. Any beginning of a material has as much of each of
its conditions, so that whoever stops early has a smaller table.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Final

from talkover.core.closing import Closing
from talkover.trainer.data.mouths import Sound
from talkover.trainer.evaluation.accents import fingerprint
from talkover.trainer.evaluation.trained.clips import Clip

DIALECTS: Final = "dialects17x5"
ENGINE: Final = "engine"
REAL: Final = "real"
SILENCE: Final = "silence"
CONVERSATIONS: Final = "conversations"
SPLICED: Final = "switches"
SETS: Final = (DIALECTS, ENGINE, REAL, SILENCE, CONVERSATIONS, SPLICED)


class Material(Closing):
    """A set of clips.

    Args:
        name: Of the set.
        conditions: What is told apart in it, each as often as the others.
        made_of: All that decides what its clips are.
        about: What it is, in a phrase for a report.
    """

    def __init__(self, name: str, conditions: Sequence[str], made_of: object, about: str) -> None:
        self.name = name
        self.conditions = tuple(conditions)
        self.same = fingerprint(made_of)
        self.about = about

    def numbers(self, count: int) -> Sequence[int]:
        """Those of ``count`` clips of each condition; fewer where there are not so many."""
        return range(count * len(self.conditions))

    @abstractmethod
    def make(self, number: int) -> tuple[Clip, Sound]:
        """A clip, and float32 [n] at 16 kHz.

        Raises:
            ConfigError: an engine that it needs is not installed.
            DataError: a recording that it needs is not here.
        """
