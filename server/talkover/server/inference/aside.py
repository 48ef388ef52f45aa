"""Work that everything else goes before."""

from collections.abc import Callable
from typing import Final, TypeVar

from talkover.server.inference.worker import Worker

_LOWEST: Final = 19

T = TypeVar("T")


async def run_aside(call: Callable[[], T]) -> T:
    """What ``call`` returns, from a thread of the lowest priority that ends with it."""
    worker = Worker("aside", nice=_LOWEST)
    try:
        return await worker.run(call)
    finally:
        await worker.close()
