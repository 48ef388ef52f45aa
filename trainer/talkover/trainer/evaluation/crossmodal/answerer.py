"""Whoever answers questions about pictures."""

from collections.abc import Sequence
from typing import Protocol

from talkover.trainer.seeing.questions.question import Pixels


class Answerer(Protocol):
    """Something that sees and answers: a model, or a baseline."""

    @property
    def name(self) -> str:
        """For reports."""

    def answer(
        self, question: str, pictures: Sequence[Pixels], times: Sequence[float], moment: float
    ) -> str:
        """What it says.

        Args:
            question: In words, as it was heard.
            pictures: uint8 [h, w, 3] each, oldest first; there may be none.
            times: Of each, in seconds on the clock of the call; none after ``moment``.
            moment: At which the question ends (s).
        """
