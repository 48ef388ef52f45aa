"""What the tests of swaps share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from talkover.core.bundles import BundleStore
from talkover.core.bundles.registry import Registry
from talkover.server.inference import Worker
from talkover.server.swap.house import House
from talkover.server.swap.shelf import Shelf

from .small import TRUST, open_house, open_shelf, publish


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path)


@pytest.fixture
def current(store: BundleStore) -> str:
    """A bundle that is current."""
    bundle = publish(store, 0)
    Registry(store, TRUST).promote(bundle)
    return bundle


@pytest.fixture
def shelf(store: BundleStore, current: str) -> Shelf:
    return open_shelf(store)


@pytest.fixture
async def house(shelf: Shelf, current: str, tmp_path: Path) -> AsyncIterator[House]:
    worker = Worker("ears")
    house = open_house(shelf, current, worker, tmp_path)
    async with house.open():
        yield house
    await worker.close()
