"""Whoever answers without looking."""

from collections.abc import Sequence

from talkover.trainer.evaluation.crossmodal.asking import Wanted
from talkover.trainer.evaluation.crossmodal.rows import Asked, asked_of, majority
from talkover.trainer.seeing.questions.question import Pixels


class Guesser:
    """Says what is right most often where a question is asked in this form; to others, nothing.

    Args:
        asked: From which it knows what is asked, and how often each answer is right.
    """

    name = "majority answer"

    def __init__(self, asked: Sequence[Asked]) -> None:
        often = majority(asked)
        self._said = {one.question: often[one.kind, one.form] for one in asked}

    def answer(
        self,
        question: str,
        pictures: Sequence[Pixels],
        times: Sequence[float],
        moment: float,
    ) -> str:
        """See ``Answerer``; nothing but the question counts."""
        del pictures, times, moment
        return self._said.get(question, "")


def guesser(wanted: Wanted) -> Guesser:
    """One who knows the questions that are wanted."""
    return Guesser([asked_of(one) for kind in wanted.kinds for one in wanted.questions(kind)])
