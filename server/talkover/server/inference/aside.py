"""Work that everything else goes before."""

from collections.abc import Callable
from typing import TypeVar

from talkover.server.inference.priority import LOWEST
from talkover.server.inference.worker import Worker

T = TypeVar("T")


async def run_aside(call: Callable[[], T]) -> T:
    """What ``call`` returns, from a thread of the lowest priority that ends with it."""
    worker = Worker("aside", nice=LOWEST)
    try:
        return await worker.run(call)
    finally:
        await worker.close()
