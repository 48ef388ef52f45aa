"""What a brain is shown of a picture: rows in place of tokens, and the words that are read in it.

A projected picture stands in the prompt like words do (Liu et al. 2023, Visual Instruction Tuning).
What is written in it is told as text with coarse places: a small tower cannot read.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from talkover.core.seer.types import Seen, Word

_SURE: Final = 0.5
_MOST_WORDS: Final = 32
_MOST_CHARACTERS: Final = 40
_ROWS: Final = ("top", "", "bottom")
_COLUMNS: Final = ("left", "", "right")
_MIDDLE: Final = "middle"
_NOTHING: Final = "all one colour"


class Sight(BaseModel):
    """What a brain's projector takes and gives.

    Attributes:
        grid: Rows and columns of places that it takes.
        features: Of each place.
        pool: Places that it joins to one, along rows and along columns.
        things: That it names; none: it names nothing.
        colours: That it names.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    grid: tuple[int, int]
    features: int = Field(ge=1)
    pool: int = Field(2, ge=1)
    things: tuple[str, ...] = Field((), max_length=1_000)
    colours: tuple[str, ...] = Field((), max_length=100)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of what it gives."""
        return self.grid[0] // self.pool, self.grid[1] // self.pool

    @property
    def positions(self) -> int:
        """Of a prompt that a picture takes."""
        rows, columns = self.cells
        return rows * columns

    def fits(self, seen: Seen) -> bool:
        """Whether a picture was seen by such eyes as this was trained with."""
        places = self.grid[0] * self.grid[1]
        return seen.grid == self.grid and seen.features.shape == (places, self.features)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture as a brain reads it.

    Attributes:
        rows: float32 [positions, width], in place of tokens.
        note: What is written in it, in words; empty: nothing is.
    """

    rows: NDArray[np.float32]
    note: str = ""

    def numbers(self) -> list[int]:
        """What stands for the rows among token ids: below 0, and equal for equal rows alone."""
        return [_number(row) for row in self.rows]


def note_of(words: Iterable[Word], things: str = "", *, blank: bool = False) -> str:
    """What things are in a picture, and what is written in it by places, in the order it is read.

    Args:
        words: As the reader gives them; those that it is not sure of are left out, and so are those
            beyond 32.
        things: In words, as ``naming.told_of`` tells them.
        blank: Whether there is nothing to be seen.

    Returns:
        Such as ``one cup (red left), top: SALE TODAY, bottom right: 42``; empty where there is
        nothing to tell.
    """
    if blank:
        return _NOTHING
    sure = [one for one in words if one.confidence >= _SURE][:_MOST_WORDS]
    parts: list[str] = []
    last = ""
    for word in sure:
        place, text = _place(word), word.text[:_MOST_CHARACTERS]
        if place == last:
            parts[-1] += f" {text}"
        else:
            parts.append(f"{place}: {text}")
        last = place
    return with_things(", ".join(parts), things)


def with_things(note: str, things: str) -> str:
    """A note with the things that are named beside it; where nothing is to be seen, without."""
    if note == _NOTHING:
        return note
    return ", ".join(one for one in (things, note) if one)


def _place(word: Word) -> str:
    """Which ninth of the picture a word's middle is in."""
    left, top, right, bottom = word.box
    row = _ROWS[min(2, max(0, int(1.5 * (top + bottom))))]
    column = _COLUMNS[min(2, max(0, int(1.5 * (left + right))))]
    return f"{row} {column}".strip() or _MIDDLE


def _number(row: NDArray[np.float32]) -> int:
    digest = hashlib.sha256(np.ascontiguousarray(row, "<f4").data).digest()
    return -1 - int.from_bytes(digest[:8], "little")
