"""The playout ledger: which agent sample carried which word, so that history holds what was heard.

Positions are ticks of the agent lane: agent audio counted without the silence between replies,
which is also what callers report as played.
"""

from collections import deque
from dataclasses import dataclass

from talkover.core.clock import FRAME


@dataclass(frozen=True, slots=True)
class LaneWord:
    """A word of a reply and the stretch of the agent lane that says it."""

    text: str
    start: int
    end: int


class Ledger:
    """What the agent is saying to one turn, word by word."""

    def __init__(self) -> None:
        self._words: deque[LaneWord] = deque()
        self._sent = 0
        self._begin = 0  # where the reply begins on the lane
        self._played: int | None = None

    @property
    def sent(self) -> int:
        """Ticks of the agent lane that left."""
        return self._sent

    @property
    def played(self) -> int:
        """Ticks that were heard: as reported, or else as sent."""
        return self._sent if self._played is None else min(self._played, self._sent)

    def begin_reply(self) -> None:
        """Forget the words of the reply before."""
        self._words.clear()
        self._begin = self._sent

    def played_of_reply(self) -> int:
        """Ticks of this reply that were heard."""
        return max(0, self.played - self._begin)

    def add(self, words: list[LaneWord]) -> None:
        """More words were queued, after those that are there."""
        self._words.extend(words)

    def send(self, ticks: int) -> None:
        """This much agent audio left."""
        self._sent += ticks

    def report(self, played: int) -> None:
        """The caller says how much was played out. What cannot be is cut to what can."""
        self._played = max(self._played or 0, min(played, self._sent))

    def rewind(self) -> tuple[int, list[LaneWord], int]:
        """Take back what was not heard, to say it again from its first word on.

        Returns:
            Where on the lane the frame with that word's begin left, the words from there on where
            they will be now, and how many words of the reply come before them.
        """
        words = list(self._words)
        first = next((n for n, word in enumerate(words) if not self._heard(word)), len(words))
        start = min(words[first].start, self._sent) if first < len(words) else self._sent
        start -= start % FRAME  # whole frames are sent again
        moved = [
            LaneWord(word.text, word.start + self._sent - start, word.end + self._sent - start)
            for word in words[first:]
        ]
        self._words = deque(words[:first] + moved)
        self._begin += self._sent - start  # what is said twice was heard once
        return start, moved, first

    def recent_text(self, since: int) -> str:
        """The words that were said after a position of the lane, as far as they left."""
        said = (word.text for word in self._words if since <= word.start <= self._sent)
        return " ".join(said)

    def _heard(self, word: LaneWord) -> bool:
        return (word.start + word.end) // 2 <= self.played

    def said_text(self) -> str:
        """All words of the reply, heard or not."""
        return " ".join(word.text for word in self._words)

    def heard_text(self) -> str:
        """The words that were heard: those whose middle was played out."""
        return " ".join(word.text for word in self._words if self._heard(word))
