"""What is mined between what is not: a source for a stream, in an order that integers decide."""

from collections.abc import Sequence
from typing import NamedTuple

from talkover.core.errors import DataError
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.streaming.order import Order, Place
from talkover.trainer.data.streaming.sources import Source


class Turn(NamedTuple):
    """Whose turn it is.

    Attributes:
        replay: Whether it is what was there before, not what was mined.
        place: How many of the same kind came before.
    """

    replay: bool
    place: int


def turn(step: int, replay: float) -> Turn:
    """What comes at a step: in any stretch, as much is replayed as there should be.

    Args:
        step: From 0 on.
        replay: Share, 0 or more, below 1.
    """
    before, after = int(step * replay), int((step + 1) * replay)
    return Turn(True, before) if after > before else Turn(False, step - before)


class Mixed:
    """Mined utterances, and others of the same source between them, without end.

    Those that were mined come in an order of their own each time; the first time as they were heard
    when they were misheard, then with other noise.

    Args:
        source: Of all of them.
        mined: Which were.
        replay: Share of the others.
        seed: Of the order.
        epoch: In which the others are heard.

    Raises:
        DataError: nothing was mined.
    """

    count = None
    chunk = 10

    def __init__(
        self,
        source: Source,
        mined: Sequence[Place],
        *,
        replay: float = 0.5,
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        if not mined:
            raise DataError("nothing was mined; listen to a larger pool")
        self._source = source
        self._mined = tuple(mined)
        self._replay = replay
        self._epoch = epoch
        self._order = Order(len(self._mined), 1, seed)

    def at(self, step: int) -> Place:
        """What comes at a step, as a place in the source."""
        replay, place = turn(step, self._replay)
        if replay:
            count = self._source.count
            again, number = divmod(place, count) if count else (0, place)
            return Place(self._epoch + again, number)
        again, number = self._order.at(place)
        epoch, number = self._mined[number]
        return Place(epoch + again, number)

    def make(self, number: int, epoch: int) -> Made:  # noqa: ARG002 - it has no end, so no epochs
        """Utterance ``number`` of the mixture; see ``Source``."""
        place = self.at(number)
        return self._source.make(place.number, place.epoch)

    def close(self) -> None:
        """End what its source started."""
        self._source.close()
