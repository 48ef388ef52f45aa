"""The next thing is made while the last one is used."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def ahead(wanted: Iterable[T], make: Callable[[T], U]) -> Iterator[U]:
    """What is made of each, in order; one is under way while the one before is used.

    Args:
        wanted: Of what.
        make: Called in a thread, for one at a time.

    Raises:
        Exception: what ``make`` raised.
    """
    with ThreadPoolExecutor(1) as pool:
        under_way = None
        for one in wanted:
            made, under_way = under_way, pool.submit(make, one)
            if made is not None:
                yield made.result()
        if under_way is not None:
            yield under_way.result()
