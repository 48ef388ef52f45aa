"""A real Redis for each test, and calls to learn from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from talkover.core.learning.items import Items
from talkover.core.traces.connecting import connect
from talkover.trainer.learning.consumer import Consumer
from talkover.trainer.learning.filters import Limits
from talkover.trainer.learning.inbox import Inbox
from talkover.trainer.learning.taking import Taker
from talkover.trainer.mining.withheld import Withheld

from .calls import Calls, OwnRedis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path / "redis")
    yield server
    server.kill()


@pytest.fixture
def calls(own_redis: OwnRedis, tmp_path: Path) -> Iterator[Calls]:
    writer = Calls(own_redis.url, tmp_path / "blobs")
    yield writer
    writer.client.close()


@pytest.fixture
def items(tmp_path: Path) -> Iterator[Items]:
    with Items(tmp_path / "learning") as found:
        yield found


@pytest.fixture
def inbox(own_redis: OwnRedis) -> Iterator[Inbox]:
    client = connect(own_redis.url)
    yield Inbox(client, "worker", idle=0.2)
    client.close()


@pytest.fixture
def consumer(items: Items, inbox: Inbox, calls: Calls, tmp_path: Path) -> Consumer:
    withheld = Withheld(speakers=frozenset({"e" * 64}))
    taker = Taker(items, calls.blobs, Limits(), withheld)
    return Consumer(inbox, taker, tries=3, folder=tmp_path / "learning")
