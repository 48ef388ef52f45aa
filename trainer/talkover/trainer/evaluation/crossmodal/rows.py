"""What was asked, heard and answered: a row each time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from talkover.trainer.evaluation.crossmodal.conditions import Condition
from talkover.trainer.seeing.questions.question import Question

PERFECT: Final = "perfect transcript"
"""Instead of a listener: what was asked, word by word."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without its pictures.

    Attributes:
        kind: Of the question.
        form: In which it was asked.
        number: In its kind.
        question: What was asked.
        answer: The right one.
        reason: Why nobody can tell; empty: it can be told.
    """

    kind: str
    form: str
    number: int
    question: str
    answer: str
    reason: str

    @property
    def place(self) -> tuple[str, int]:
        """Of the question: its kind and number."""
        return self.kind, self.number

    @property
    def answerable(self) -> bool:
        """Whether the pictures say."""
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Asked):
    """One answer.

    Attributes:
        condition: How the pictures came.
        ears: Who heard it, or ``PERFECT``.
        heard: What was made of the question.
        said: The answer.
        right: Whether it is.
        seconds: It took.
        accent: In which it was asked out loud; empty: it was not.
        voice: Whose.
        snr: Of the voice over the noise (dB); None: there is none.
        noise: Which.
    """

    condition: str
    ears: str
    heard: str
    said: str
    right: bool
    seconds: float
    accent: str = ""
    voice: str = ""
    snr: float | None = None
    noise: str = ""


def asked_of(question: Question) -> Asked:
    """A question without its pictures."""
    return Asked(
        question.kind.value,
        question.form,
        question.number,
        question.question,
        question.answer,
        question.reason,
    )


def to_plain(row: Row) -> dict[str, Any]:
    """As JSON can hold it."""
    return asdict(row)


def from_plain(given: Mapping[str, Any]) -> Row:
    """What ``to_plain`` gave, again.

    Raises:
        TypeError: it is no row.
    """
    return Row(**given)


def of(rows: Sequence[Row], condition: Condition, ears: str = PERFECT) -> list[Row]:
    """Those of a condition and of somebody's ears."""
    return [row for row in rows if row.condition == condition and row.ears == ears]


def majority(asked: Sequence[Asked]) -> dict[tuple[str, str], str]:
    """The answer that is right most often in each form of each kind, of these very questions.

    Whoever knew it would do as well as one can who only listens: the more of a bar to the others.
    """
    answers: dict[tuple[str, str], list[str]] = {}
    for one in asked:
        answers.setdefault((one.kind, one.form), []).append(one.answer)
    return {form: max(sorted(set(some)), key=some.count) for form, some in answers.items()}
