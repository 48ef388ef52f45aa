"""A model and the thread that it runs on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from talkover.server.inference.worker import Worker

M = TypeVar("M")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seat(Generic[M]):
    """A model that was built through a worker and only runs there.

    Attributes:
        model: What runs.
        worker: Where; whoever made it closes it.
    """

    model: M
    worker: Worker

    async def run(self, call: Callable[[M], T]) -> T:
        """What ``call`` makes of the model.

        Raises:
            BusyError: too many wait.
        """
        return await self.worker.run(lambda: call(self.model))
