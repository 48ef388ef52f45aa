"""Which utterance comes when: a pure function of a few integers, so that any step can be gone to.

Epochs follow one another without a seam. Ranks take chunks of that one sequence in turn: together
they have all of it, and none has what another has.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkover.core.errors import DataError


class Place(NamedTuple):
    """An utterance, by its number in its set, and how often the set has been gone through."""

    epoch: int
    number: int


@dataclass(frozen=True, slots=True)
class Order:
    """In what order a rank has utterances.

    Attributes:
        count: Of the set; None: it has no end, and comes by number.
        chunk: So many steps are made ready together.
        seed: Of the order, another in each epoch.
        rank: Which of ``ranks``.
        ranks: That share the sequence.

    Raises:
        DataError: there is nothing to put in order, or the numbers contradict one another.
    """

    count: int | None
    chunk: int
    seed: int = 0
    rank: int = 0
    ranks: int = 1

    def __post_init__(self) -> None:
        if self.count == 0:
            raise DataError("the set is empty; nothing can be streamed from it")
        if self.chunk < 1 or not 0 <= self.rank < self.ranks:
            raise DataError(f"rank {self.rank} of {self.ranks}, chunks of {self.chunk}: no order")

    def at(self, step: int) -> Place:
        """What comes at a step of this rank, from 0 on."""
        chunk, inside = divmod(step, self.chunk)
        position = (chunk * self.ranks + self.rank) * self.chunk + inside
        if self.count is None:
            return Place(0, position)
        epoch, place = divmod(position, self.count)
        return Place(epoch, int(_shuffled(self.count, self.seed, epoch)[place]))

    def rest(self, step: int) -> range:
        """This step and those after it that are made ready with it."""
        return range(step, (step // self.chunk + 1) * self.chunk)


@lru_cache(maxsize=2)  # a chunk may reach into the next epoch
def _shuffled(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(count)
