"""What whoever answers is shown: all, nothing, something else, or the same a second late. Pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from talkover.trainer.seeing.questions.question import Pixels, Question
from talkover.trainer.seeing.questions.scoring import is_right

LATE: Final = 1.0
"""Seconds that pictures come late."""

Shown = tuple[tuple[Pixels, ...], tuple[float, ...]]
"""Pictures and their times (s)."""


class Condition(StrEnum):
    """How pictures come."""

    ALL = "as they are"
    NONE = "no picture"
    WRONG = "wrong picture"
    LATE = "1 s late"


def shown(question: Question, condition: Condition, wrong: Question | None = None) -> Shown:
    """What is there to be seen at the moment of a question.

    Args:
        question: That is asked.
        condition: How its pictures come.
        wrong: Whose pictures it is shown with ``Condition.WRONG``; None: nobody's.
    """
    match condition:
        case Condition.ALL:
            return question.pictures, question.times
        case Condition.NONE:
            return (), ()
        case Condition.WRONG:
            return _of_another(question, wrong)
        case Condition.LATE:
            there = [
                (picture, time + LATE)
                for picture, time in zip(question.pictures, question.times, strict=True)
                if time + LATE <= question.moment
            ]
            return tuple(picture for picture, _ in there), tuple(time for _, time in there)


def partners(questions: Sequence[Question]) -> dict[int, Question]:
    """Whose pictures each question is shown as wrong ones: the next of its sort.

    Of the same form, which can be answered, too, with another answer. A question without such a
    partner has none, and neither has one that cannot be answered.

    Args:
        questions: All that are asked of a kind.

    Returns:
        By the number of the question.
    """
    able = [one for one in questions if one.answerable]
    found: dict[int, Question] = {}
    for place, one in enumerate(able):
        for other in (*able[place + 1 :], *able[:place]):
            if other.form == one.form and not is_right(one, other.answer):
                found[one.number] = other
                break
    return found


def _of_another(question: Question, wrong: Question | None) -> Shown:
    """With the times of its own."""
    if wrong is None:
        return (), ()
    ages = [wrong.moment - time for time in wrong.times]
    return wrong.pictures, tuple(round(question.moment - age, 2) for age in ages)
