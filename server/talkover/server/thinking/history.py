"""What was said in a call, as far as it was heard."""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

MAX_TURNS: Final = 64
MAX_CHARACTERS: Final = 2000
CUT: Final = "—"
"""Ends an agent turn that the caller did not hear to its end."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn.

    Attributes:
        speaker: Whose.
        text: The caller's words, or what was heard of the agent's.
        cut: The agent was interrupted.
    """

    speaker: Literal["caller", "agent"]
    text: str
    cut: bool = False


class History:
    """The turns of a call, in order, the oldest forgotten first.

    Args:
        max_turns: Kept at most.
        max_characters: Of one turn; of a longer one the end is kept.
    """

    def __init__(self, *, max_turns: int = MAX_TURNS, max_characters: int = MAX_CHARACTERS) -> None:
        self._turns: deque[Turn] = deque()
        self._max_turns = max_turns
        self._max_characters = max_characters
        self._forgotten = 0

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Oldest first."""
        return tuple(self._turns)

    @property
    def forgotten(self) -> int:
        """How many turns came before the first of ``turns``."""
        return self._forgotten

    def add_caller(self, text: str) -> None:
        """The caller's turn ended. Without words it is no turn."""
        self._add(text, Turn("caller", text.strip()[-self._max_characters :]))

    def add_agent(self, heard: str, *, cut: bool) -> None:
        """The agent's turn ended.

        Args:
            heard: The words that the caller heard; if there are none, there was no turn.
            cut: There would have been more.
        """
        self._add(heard, Turn("agent", heard.strip()[-self._max_characters :], cut))

    def withdraw(self) -> None:
        """The caller goes on: the last turn, if it is the caller's, was not over."""
        if self._turns and self._turns[-1].speaker == "caller":
            self._turns.pop()

    def _add(self, text: str, turn: Turn) -> None:
        if not text.strip():
            return
        self._turns.append(turn)
        while len(self._turns) > self._max_turns:
            self._turns.popleft()
            self._forgotten += 1
