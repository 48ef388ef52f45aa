"""Real weights are loaded beside others, heard in the shadow, promoted, and given back."""

import asyncio
import gc
import os
import shutil
import time
import weakref

import numpy as np
import pytest
from bundle_copies import LISTENER, copy_bundle

from talkover.core.audio import read_wav, to_float
from talkover.core.bundles import BundleStore
from talkover.core.clock import RATE
from talkover.core.listener import ListenRequest
from talkover.core.listener.golden import GoldenOutput
from talkover.core.settings import load_settings
from talkover.server.swap.generation import Goal, State
from talkover.server.swap.house import House
from talkover.server.swap.loading import Loader
from talkover.server.swap.policy import SwapPolicy
from talkover.server.swap.shadow import LiveTurn, Shadow
from talkover.server.swap.signs import Compared

from .small import open_shelf

pytestmark = [pytest.mark.bundle, pytest.mark.slow]


@pytest.fixture
def data_dir(bundle, tmp_path):
    """A store with the real bundle."""
    shutil.copytree(bundle, tmp_path / "bundles" / bundle.name, copy_function=os.link)
    BundleStore(tmp_path).set_current(bundle.name)
    return tmp_path


@pytest.fixture
async def real(data_dir):
    """A house with the real bundle, that looks at one turn in the shadow."""
    shelf = open_shelf(BundleStore(data_dir))
    loader = Loader(load_settings(data_dir=data_dir, models__threads=1))
    house = House(shelf, loader, await loader.load(*shelf.first()), SwapPolicy(shadow_turns=1))
    async with house.open():
        yield house


async def until(look, what):
    end = time.monotonic() + 60
    while not look():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.05)


async def test_from_the_shadow_to_all_and_the_old_one_is_given_back(real, data_dir, prompts):
    other = copy_bundle(data_dir, real.parts.bundle_id, LISTENER, no_speech_threshold=0.61)
    old = real.lease("s")
    old_listener, brain = old.parts.listener, old.parts.brain
    pcm = to_float(read_wav(prompts[0].path, rate=RATE)[: 3 * RATE])
    heard = await old_listener.transcribe(ListenRequest(pcm, ("en",)))

    new = real.offer(other, Goal.OFFERED, known=True)
    await real.settled(new)
    assert new.state is State.SHADOW, new.reason
    await until(lambda: real.shadowing, "there is no shadow")
    real.shadow(LiveTurn(pcm, ("en",), heard))
    await until(lambda: new.state is State.CANARY, "it stays in the shadow")
    (compared,) = new.compared
    assert compared == Compared()

    assert real.offer(other, Goal.CURRENT) is new
    assert real.parts.bundle_id == other
    assert real.parts.listener is not old_listener
    assert real.parts.brain is brain, "what both have is in memory once"
    again = await real.parts.listener.transcribe(ListenRequest(pcm, ("en",)))
    assert again.text == heard.text

    model = weakref.ref(old_listener._runtime)
    await asyncio.sleep(0.3)
    assert model() is not None, "a lease holds it"
    assert old.generation.state is State.RETIRING
    old.end()
    del old_listener
    await until(lambda: old.generation.state is State.FREED, "it is not freed")
    await asyncio.sleep(0.3)
    gc.collect()
    assert model() is None, "somebody still holds the old listener"


async def test_the_shadow_gives_way_to_callers(real, data_dir, prompts):
    other = copy_bundle(data_dir, real.parts.bundle_id, LISTENER, no_speech_threshold=0.61)
    lease = real.lease("s")  # of the old one, as long as it is asked
    live = lease.parts.listener
    await real.settled(real.offer(other, Goal.CURRENT, known=True))
    candidate = real.parts.listener
    pcm = to_float(read_wav(prompts[0].path, rate=RATE)[: 3 * RATE])
    request = ListenRequest(pcm, ("en",))
    turn = LiveTurn(pcm, ("en",), await live.transcribe(request))

    told: list[Compared] = []
    shadow = Shadow(candidate, live, told.append)
    for _ in range(6):
        shadow.put(turn)
    assert shadow.dropped == 2, "four may wait"

    caller = asyncio.create_task(live.transcribe(request))
    await asyncio.sleep(0)
    running = asyncio.create_task(shadow.run())
    while not caller.done():
        assert not candidate.busy, "it listens while somebody waits for the live one"
        await asyncio.sleep(0.005)
    await until(lambda: candidate.busy, "it does not listen")
    assert (await live.transcribe(request)).text == turn.heard.text
    assert shadow.dropped == 3, "it went on, though somebody waited"
    assert told == []
    await until(lambda: len(told) == 3, "the rest is not heard")
    running.cancel()
    lease.end()


async def test_other_outputs_than_where_it_was_made_are_refused(real, data_dir):
    before = real.parts
    told = GoldenOutput(
        seed=6, kind="speechlike", language="en", variant="int8", tokens=tuple(range(400, 410))
    )
    other = copy_bundle(
        data_dir,
        before.bundle_id,
        LISTENER,
        golden=[told],
        no_speech_threshold=0.61,
    )
    made = await real.settled(real.offer(other, Goal.CURRENT, known=True))
    assert made.state is State.FAILED
    assert "of its 10 golden outputs" in made.reason
    assert real.parts is before


async def test_a_bundle_that_cannot_be_loaded_changes_nothing(real, data_dir):
    before = real.parts
    broken = copy_bundle(data_dir, before.bundle_id, LISTENER, no_speech_threshold="high")
    made = await real.settled(real.offer(broken, Goal.CURRENT, known=True))
    assert made.state is State.FAILED
    assert "no_speech_threshold" in made.reason
    assert real.parts is before
    clause = await anext(before.voice.say("Hello."))
    assert np.abs(clause.pcm).max() > 0
