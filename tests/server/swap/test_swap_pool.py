"""Parts that are alike are in memory once, and as long as somebody needs them."""

import pytest

from talkover.core.errors import BundleError
from talkover.server.swap.pool import Pool, part_key

from .small import publish


async def test_the_last_who_lets_go_takes_it_down():
    pool, log = Pool(), []

    async def build(stack):
        log.append("built")
        stack.callback(log.append, "gone")
        return object()

    first = await pool.hold("ears", build)
    assert await pool.hold("ears", build) is first
    await pool.let_go("ears")
    assert log == ["built"]
    await pool.let_go("ears")
    assert log == ["built", "gone"]
    assert "ears" not in pool
    assert await pool.hold("ears", build) is not first


async def test_of_what_cannot_be_built_nothing_stays():
    pool, log = Pool(), []

    async def build(stack):
        stack.callback(log.append, "gone")
        raise BundleError("damaged")

    with pytest.raises(BundleError):
        await pool.hold("ears", build)
    assert log == ["gone"]
    assert not len(pool)


def test_parts_are_alike_by_their_content(store):
    first, second = (store.get(publish(store, number)) for number in (1, 2))
    with_more = store.get(publish(store, 1, roles=("vad", "voice", "overlap")))
    assert part_key(first, "voice") == part_key(with_more, "voice")
    assert part_key(first, "voice") != part_key(second, "voice")
    assert part_key(first, "voice") != part_key(first, "vad")
    assert part_key(first, "overlap") == "overlap:none"
