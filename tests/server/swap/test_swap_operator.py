"""What people ask for, and what they are told when it cannot be had."""

import asyncio

import pytest

from talkover.core.errors import BundleError
from talkover.core.redis_url import default_url
from talkover.server.swap.follower import Follower
from talkover.server.swap.generation import Goal, State
from talkover.server.swap.operator import Operator
from talkover.server.traces.delivery import connect

from .small import publish


@pytest.fixture
async def operator(house, shelf, tmp_path):
    """Of a house whose bundles cannot be loaded; there is no Redis."""
    client = connect(default_url(tmp_path))
    yield Operator(house, Follower(house, shelf, client))
    await client.aclose()


async def test_what_cannot_be_loaded_is_refused_and_nothing_changes(operator, store, current):
    bundle = publish(store, 1)
    with pytest.raises(BundleError, match="no listener"):
        await operator.promote(bundle, "better")
    with pytest.raises(BundleError, match="there is no bundle"):
        await operator.offer("0" * 64, None, "")
    assert store.current() == current
    assert operator.house.generations.current.bundle == current


async def test_of_two_promotions_the_older_is_told_that_it_was_overtaken(operator, store):
    first, second = (publish(store, number) for number in (1, 2))
    older = asyncio.create_task(operator.promote(first, ""))
    await asyncio.sleep(0)
    newer = asyncio.create_task(operator.promote(second, ""))
    with pytest.raises(BundleError, match=f"{second[:12]} was offered meanwhile"):
        await older
    with pytest.raises(BundleError, match="no listener"):
        await newer


async def test_there_is_nothing_to_go_back_to(operator):
    with pytest.raises(BundleError, match="no whole bundle to go back to"):
        await operator.roll_back("people complain")


async def test_what_is_shown(operator, current):
    generations = operator.house.generations
    made = generations.offer("b" * 64, Goal.CANARY, 1.0, 0.25)
    assert made is not None
    made.state = State.WARMED
    generations.checked(made, 2.0)
    shown = operator.views()
    assert [(one.bundle, one.state, one.share) for one in shown] == [
        ("b" * 64, State.CANARY, 0.25),
        (current, State.CURRENT, 0.75),
    ]
    assert all(one.seconds >= 0 for one in shown)
    assert await operator.roll_back("no") is generations.current
    assert "rolled back: no" in operator.views()[0].reason
