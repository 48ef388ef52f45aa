"""The stream itself: PyTorch's loader, told what to make ready and when."""

from collections.abc import Iterator, Mapping
from typing import Final

import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from talkover.core.closing import Closing
from talkover.core.errors import DataError
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.streaming.order import Order
from talkover.trainer.data.streaming.sources import Source

_AHEAD: Final = 2  # chunks a worker that wait for the loop; then it waits


class Stream(Closing):
    """Utterances without end, for one rank.

    Item ``n`` depends on the source, the seed, the rank and ``n`` alone: not on the workers, nor on
    where the stream was begun. Bounded: workers are two chunks ahead at most, then they wait.

    Args:
        source: What it takes from.
        seed: Of the order in which a set that has an end is heard.
        rank: Which of ``ranks``.
        ranks: That share it.
        workers: Processes that make ready; 0: this one, when it is asked.

    Raises:
        DataError: the source is empty.
    """

    def __init__(
        self, source: Source, *, seed: int = 0, rank: int = 0, ranks: int = 1, workers: int = 0
    ) -> None:
        self.order = Order(source.count, source.chunk, seed, rank, ranks)
        self.workers = workers
        self._source = source
        self._step = 0

    def close(self) -> None:
        """End what its source started here; workers end with their loop."""
        self._source.close()

    @property
    def ahead(self) -> int:
        """Items that may be ready before they are asked for."""
        return self.workers * _AHEAD * self.order.chunk

    def __iter__(self) -> Iterator[Made]:
        """Go on from the step that was reached.

        Raises:
            DataError: an item cannot be made; the message names it.
        """
        loader = DataLoader(
            _Chunks(self._source, self.order),
            batch_size=None,
            sampler=_Rest(self.order, self._step),
            num_workers=self.workers,
            prefetch_factor=_AHEAD if self.workers else None,
            collate_fn=_same,
            multiprocessing_context="spawn" if self.workers else None,
            generator=torch.Generator(),  # the loop's own random numbers stay as they are
        )
        for chunk in loader:
            for made in chunk:
                self._step += 1
                yield made

    def state_dict(self) -> dict[str, int]:
        """Where it is: all that it takes to go on, with whatever number of workers."""
        order = self.order
        return {
            "step": self._step,
            "count": order.count or 0,
            "seed": order.seed,
            "rank": order.rank,
            "ranks": order.ranks,
        }

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go to where another stream of the same source, seed and rank was.

        Raises:
            DataError: it was of another.
        """
        mine = self.state_dict()
        other = [name for name in mine if name != "step" and state.get(name) != mine[name]]
        if other or state.get("step", -1) < 0:
            raise DataError(f"the state is of another stream: its {', '.join(other)} differ")
        self._step = state["step"]


class _Chunks(Dataset[list[Made]]):
    def __init__(self, source: Source, order: Order) -> None:
        self._source = source
        self._order = order

    def __getitem__(self, steps: range) -> list[Made]:
        places = (self._order.at(step) for step in steps)
        return [self._source.make(place.number, place.epoch) for place in places]


class _Rest(Sampler[range]):
    """Chunks of steps from one on, without end."""

    def __init__(self, order: Order, step: int) -> None:
        self._order = order
        self._step = step

    def __iter__(self) -> Iterator[range]:
        step = self._step
        while True:
            steps = self._order.rest(step)
            yield steps
            step = steps.stop


def _same(chunk: list[Made]) -> list[Made]:
    return chunk
