"""What is drawn for a question, all of it from one split. Pure.

What must not be learnt by heart (texts, wordings, layouts, who stands where) belongs to a split by
its hash, so whatever draws it, and however often, nothing of the test split is ever trained on.
"""

import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, TypeVar

import numpy as np

from talkover.core.errors import DataError
from talkover.trainer.data.texts import Split

T = TypeVar("T")

_LAYOUTS: Final = 1_000
"""Of each family: so many backgrounds, signs, charts, ... there are in all splits together."""
_TRIES: Final = 2_000


def split_of_all(*what: object) -> Split:
    """Which split something belongs to; of ten, eight are for training."""
    digest = sha256("\x1f".join(map(str, what)).encode()).digest()
    place = int.from_bytes(digest[:4]) % 10
    return Split.TRAIN if place < 8 else Split.VALIDATION if place == 8 else Split.TEST


class Draws:
    """Draws of one question.

    Args:
        split: Whose texts and layouts.
        entropy: Of all draws; integers, none below 0.
    """

    def __init__(self, split: Split, entropy: Sequence[int]) -> None:
        self.split = split
        self.random = np.random.default_rng(np.random.SeedSequence(list(entropy)))

    def whole(self, low: int, high: int) -> int:
        """An integer, both ends among them."""
        return int(self.random.integers(low, high + 1))

    def between(self, low: float, high: float) -> float:
        """A number; in steps of a ten-thousandth, so that it is the same everywhere."""
        return low + (high - low) * self.whole(0, 10_000) / 10_000

    def chance(self, share: float) -> bool:
        """True in a share of all draws."""
        return self.between(0.0, 1.0) < share

    def one(self, some: Sequence[T]) -> T:
        """One of some."""
        return some[self.whole(0, len(some) - 1)]

    def several(self, some: Sequence[T], count: int) -> list[T]:
        """Different ones, in no order.

        Raises:
            ValueError: there are not so many.
        """
        return [some[int(place)] for place in self.random.permutation(len(some))[:count]]

    def until(self, draw: Callable[[], T], same: Callable[[T], object]) -> T:
        """Draw until it belongs to this split.

        Args:
            draw: Draws one.
            same: What two that are alike have in common.

        Raises:
            DataError: there is nothing of this split.
        """
        for _ in range(_TRIES):
            found = draw()
            if split_of_all(same(found)) is self.split:
                return found
        raise DataError(f"{_TRIES} draws, and none belongs to {self.split}; there is too little")

    def texts(self, name: str, count: int) -> list[str]:
        """Different texts of a list of ``words.toml``, all of this split.

        Raises:
            DataError: there is no such list, or it has too few of this split.
        """
        mine = _texts(name, self.split)
        if len(mine) < count:
            raise DataError(f"words.toml has {len(mine)} of {name} for {self.split}, not {count}")
        return self.several(mine, count)

    def digits(self, count: int) -> str:
        """A number of this split, of so many digits; the first is no zero."""
        low = 10 ** (count - 1)
        return str(self.until(lambda: self.whole(low, 10 * low - 1), lambda one: ("digits", one)))

    def layout(self, family: str) -> "Draws":
        """The draws of a layout of this split: the same number gives the same layout."""
        number = self.until(lambda: self.whole(0, _LAYOUTS - 1), lambda one: (family, one))
        return Draws(self.split, [number, int.from_bytes(family.encode()[:8])])


@cache
def _texts(name: str, split: Split) -> tuple[str, ...]:
    lists: dict[str, list[str]] = tomllib.loads(
        files(__package__).joinpath("words.toml").read_text("utf-8")
    )
    if name not in lists:
        raise DataError(f"words.toml has no {name}; it has {', '.join(lists)}")
    return tuple(text for text in lists[name] if split_of_all("text", text.casefold()) is split)
