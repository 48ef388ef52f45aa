"""What a kind of question comes to, before anybody asks it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Pixels, Placed
from talkover.trainer.seeing.questions.rendering.backgrounds import Size

_SMALL: Final[tuple[Size, ...]] = ((320, 240), (384, 288), (360, 360), (448, 336), (300, 400))
_LARGE: Final[tuple[Size, ...]] = ((480, 360), (560, 420), (512, 384), (640, 480), (640, 400))
_OLDEST: Final = 3.0
_NEWEST: Final = 0.1


class Draft(NamedTuple):
    """A question without its words.

    Attributes:
        form: In which it is asked: a list of its kind in phrases.toml.
        slots: For that.
        answer: If somebody can tell.
        pictures: In the order in which they were taken.
        ages: Of each, in seconds before the question ends; falling.
        accepted: Other right answers.
        placed: What stands in the only picture, if things do.
    """

    form: str
    slots: Mapping[str, str]
    answer: str
    pictures: tuple[Pixels, ...]
    ages: tuple[float, ...]
    accepted: tuple[str, ...] = ()
    placed: tuple[Placed, ...] = ()


def small(draws: Draws) -> Size:
    """Of a picture of things."""
    return draws.one(_SMALL)


def large(draws: Draws) -> Size:
    """Of a picture with something to read."""
    return draws.one(_LARGE)


def age(draws: Draws) -> float:
    """Of a picture that does not change: how long before the end of a question it was taken (s)."""
    return draws.between(_NEWEST, _OLDEST)
