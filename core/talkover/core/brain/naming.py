"""Things that a picture shows, told in words: what a head beside the projector finds in each place.

A small language model takes words for granted and has to learn rows; names of things in words help
even large ones (Li et al. 2020, Oscar). Each place says whether the middle of a thing is in it,
which thing, of which colour, how large, and where exactly (Redmon et al. 2016, You Only Look Once;
Zhou et al. 2019, Objects as Points).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.brain.sight import Sight

MEASURES: Final = 3
"""Numbers of a place beside its names: how far its thing's middle is below and right of its own (in
places), and how large the thing is (as a share of the picture's shorter side)."""
_SURE: Final = 0.5
_SAME: Final = 0.13
"""Middles that are nearer to each other (as shares of the picture) are one thing's."""
_MIDDLE: Final = (0.42, 0.58)
_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Found:
    """A thing in a picture.

    Attributes:
        name: What it is.
        colour: Of it.
        x: Its middle, as a share of the picture's width.
        y: The same, of its height.
        size: Of its longer side, as a share of the picture's shorter side.
        sure: That something is there, 0 to 1.
    """

    name: str
    colour: str
    x: float
    y: float
    size: float
    sure: float


def found_in(named: NDArray[np.float32], sight: Sight) -> list[Found]:
    """What is in a picture, the largest first.

    Args:
        named: [positions, n] of the head: the log-likelihoods of nothing and of each thing, those
            of each colour, and ``MEASURES`` numbers.
        sight: Says what there is to be named.
    """
    kinds = 1 + len(sight.things)
    there = _likely(named[:, :kinds])
    thing = there[:, 1:].argmax(axis=1)
    colour = named[:, kinds:-MEASURES].argmax(axis=1)
    rows, columns = sight.cells
    kept: list[Found] = []
    for place in np.argsort(there[:, 0], kind="stable"):
        sure = 1.0 - float(there[place, 0])
        if sure < _SURE:
            break
        row, column = divmod(int(place), columns)
        down, right, size = named[place, -MEASURES:].tolist()
        one = Found(
            sight.things[thing[place]],
            sight.colours[colour[place]],
            (column + 0.5 + right) / columns,
            (row + 0.5 + down) / rows,
            size,
            sure,
        )
        if all(abs(one.x - o.x) > _SAME or abs(one.y - o.y) > _SAME for o in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: -one.size)


def told_of(found: Iterable[Found]) -> str:
    """Things in words, in their order, those of a name together.

    Returns:
        Such as ``two cup (red left, blue top right), one key (green middle)``; empty for nothing.
    """
    groups: dict[str, list[Found]] = {}
    for one in found:
        groups.setdefault(one.name, []).append(one)
    return ", ".join(f"{_number(some)} {name} ({_each(some)})" for name, some in groups.items())


def _number(some: Sequence[Found]) -> str:
    return _NUMBERS[len(some) - 1] if len(some) <= len(_NUMBERS) else "many"


def _each(some: Sequence[Found]) -> str:
    return ", ".join(f"{one.colour} {_place(one)}" for one in some)


def _place(one: Found) -> str:
    low, high = _MIDDLE
    row = "top" if one.y < low else "bottom" if one.y > high else ""
    column = "left" if one.x < low else "right" if one.x > high else ""
    return f"{row} {column}".strip() or "middle"


def _likely(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax of each row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return found
