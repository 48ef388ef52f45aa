"""A question about pictures, and what may be answered."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.trainer.data.texts import Split

__all__ = ["CANT_TELL", "Kind", "Pixels", "Placed", "Question", "Split"]

CANT_TELL: Final = "I can't tell"
"""The answer where the pictures do not say."""

Pixels = NDArray[np.uint8]
"""[h, w, 3], red, green and blue; the longest side has 640 at most."""


class Kind(StrEnum):
    """What is asked for."""

    OBJECTS = "objects"
    COLOURS = "colours"
    COUNTS = "counts"
    POSITIONS = "positions"
    SIZES = "sizes"
    PRESENCE = "presence"
    DIGITS = "digits"
    WORDS = "words"
    LABELS = "labels"
    CHARTS = "charts"
    SCREENS = "screens"
    CHANGES = "changes"
    MOMENTS = "moments"


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a thing stands.

    Attributes:
        name: Of the thing.
        colour: Of it.
        x: Its middle, as a share of the picture's width.
        y: The same, of its height.
        size: Of its longer side, as a share of the picture's shorter side.
    """

    name: str
    colour: str
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One of them.

    Attributes:
        number: In its split, with its kind and seed: the same number is the same question.
        kind: What is asked for.
        question: As somebody would say it; numbers in words.
        answer: The shortest right one, such as "red", "three", "4729" or ``CANT_TELL``.
        accepted: Others that are as right, such as "crimson"; never ``answer`` itself.
        pictures: One or more, in the order of ``times``.
        times: Of each, in seconds on the clock of the call.
        moment: At which the question ends; no picture is from later.
        split: What it may be used for. No picture, text, layout or wording is in two of them.
        reason: Why nobody can tell, such as "dark" or "absent"; empty where the answer is there.
        form: In which it is asked: a list of its kind in phrases.toml.
        placed: What stands in its only picture; empty: none of it can be told.
    """

    number: int
    kind: Kind
    question: str
    answer: str
    accepted: tuple[str, ...]
    pictures: tuple[Pixels, ...]
    times: tuple[float, ...]
    moment: float
    split: Split
    reason: str = ""
    form: str = ""
    placed: tuple[Placed, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the pictures say."""
        return not self.reason
