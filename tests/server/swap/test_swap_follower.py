"""What is said about bundles, in a real Redis and on the disk, is followed once and in order."""

import asyncio
import contextlib
import os
import time

import pytest

from talkover.core.bundles.announcement import FIELD, STREAM, Announcement
from talkover.core.bundles.registry import Registry
from talkover.server.swap.follower import Follower
from talkover.server.swap.generation import State
from talkover.server.traces import EmbeddedRedis
from talkover.server.traces.delivery import connect

from .small import TRUST, open_shelf, publish

B, C = "b" * 64, "c" * 64


@pytest.fixture
async def redis(tmp_path):
    server = EmbeddedRedis(tmp_path / "redis")
    await server.start()
    yield server
    await server.close()


@contextlib.asynccontextmanager
async def following(house, shelf, url):
    client = connect(url)
    follower = Follower(house, shelf, client)
    task = asyncio.create_task(follower.run())
    try:
        yield follower
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.aclose()


async def say(url, *said):
    client = connect(url)
    for one in said:
        content = one.to_json() if isinstance(one, Announcement) else one
        await client.xadd(STREAM, {FIELD: content})
    await client.aclose()


async def until(look):
    for _ in range(1_000):
        if look():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came about")


def told(house):
    """Bundles that were offered to the house, in order: none of them can be loaded."""
    return [one.bundle for one in house.generations.all()[1:]]


def make_older(store):
    os.utime(store.root / "current", (time.time() - 3_600,) * 2)


async def test_what_is_said_is_followed_in_order(house, shelf, redis):
    async with following(house, shelf, redis.url) as follower:
        await asyncio.sleep(0.3)
        await say(
            redis.url,
            Announcement(kind="offer", bundle=B),
            "what an other version wrote",
            Announcement(kind="promote", bundle=C, by=follower.name),  # its own words
            Announcement(kind="promote", bundle=C, by="somebody"),
        )
        await until(lambda: told(house) == [B, C])
        await until(lambda: house.generations.get(2).state is State.FAILED)
    assert "there is no bundle" in house.generations.get(2).reason
    assert house.generations.current.number == 0


async def test_a_server_that_was_down_catches_up(house, shelf, store, redis):
    make_older(store)
    await say(
        redis.url,
        Announcement(kind="promote", bundle=B),
        Announcement(kind="rollback", bundle=C),
        Announcement(kind="offer", bundle=B),
    )
    async with following(house, shelf, redis.url):
        await until(lambda: told(house) == [C])
        await asyncio.sleep(0.3)
    assert told(house) == [C]


async def test_unless_the_pointer_was_moved_since(house, shelf, redis):
    await say(redis.url, Announcement(kind="promote", bundle=B, at="2020-01-01T00:00:00Z"))
    async with following(house, shelf, redis.url):
        await asyncio.sleep(0.5)
    assert told(house) == []


async def test_a_pinned_server_hears_nobody(house, store, current, redis):
    async with following(house, open_shelf(store, current), redis.url):
        await asyncio.sleep(0.2)
        await say(redis.url, Announcement(kind="promote", bundle=B))
        await asyncio.sleep(0.4)
    assert told(house) == []


async def test_what_this_server_says_waits_for_redis(house, shelf, tmp_path):
    server = EmbeddedRedis(tmp_path / "redis")
    async with following(house, shelf, server.url) as follower:
        follower.announce("promote", B, reason="40 turns without drift")
        await asyncio.sleep(0.3)
        await server.start()
        client = connect(server.url)
        entries = []
        for _ in range(300):
            entries = await client.xrange(STREAM)
            if entries:
                break
            await asyncio.sleep(0.1)
        await client.aclose()
    await server.close()
    ((_, fields),) = entries
    said = Announcement.parse(fields[FIELD.encode()])
    assert (said.kind, said.bundle, said.by) == ("promote", B, follower.name)


async def test_while_redis_is_away_the_pointer_leads(house, shelf, store, tmp_path):
    async with following(house, shelf, EmbeddedRedis(tmp_path / "redis").url):
        await asyncio.sleep(0.3)
        newer = publish(store, 1)
        Registry(store, TRUST).promote(newer)
        await until(lambda: told(house) == [newer])


async def test_what_is_served_is_kept_on_the_disk(house, shelf, store, redis, current):
    newer = publish(store, 1)
    Registry(store, TRUST).promote(newer)
    async with following(house, shelf, redis.url) as follower:
        follower.keep(newer, "it is not served, and may never be")
        follower.keep(current, "it is served")
        await until(lambda: store.current() == current)
