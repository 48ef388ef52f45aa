"""Weights change in a running server, and calls go on."""

import asyncio
import contextlib
import time
from collections import deque
from typing import TypeVar

import httpx
import numpy as np
import pytest
import redis
from bundle_copies import LISTENER, OVERLAP, copy_bundle, damage
from live_server import start_server, stop_server

from talkover.client import (
    AgentAudio,
    Call,
    CallError,
    Event,
    GenerationState,
    Problem,
    Transcript,
    Turn,
    TurnKind,
    connect,
    generations,
    offer_bundle,
    promote_bundle,
    rollback_bundle,
    status,
)
from talkover.core.audio import read_wav
from talkover.core.bundles import BundleStore
from talkover.core.bundles.announcement import Announcement
from talkover.core.bundles.announcing import announce
from talkover.core.bundles.keys import signer_of
from talkover.core.clock import FRAME, RATE
from talkover.core.redis_url import default_url
from talkover.core.settings import load_settings

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

E = TypeVar("E", bound=Event)

PASSWORD = "Please enter your password followed by the pound key."
DEAF = {"no_speech_threshold": 0.0, "log_prob_threshold": 0.0}
"""Whatever it hears is silence."""
QUICK = {
    "TALKOVER_SWAP__CANARY_TURNS": "3",
    "TALKOVER_SWAP__LOOK_EVERY": "3",
    "TALKOVER_SWAP__CONTROL_TURNS": "0",
}


@pytest.fixture(scope="module")
def house(bundle, tmp_path_factory):
    """A server of its own that looks at a canary after three turns."""
    live = start_server(tmp_path_factory.mktemp("swap"), bundle, **QUICK)
    BundleStore(live.data_dir).sign(bundle.name, signer_of(load_settings(data_dir=live.data_dir)))
    yield live
    assert stop_server(live) == 0


@pytest.fixture(scope="module")
def other(house, bundle) -> str:
    """A bundle with a listener of its own."""
    return copy_bundle(house.data_dir, bundle.name, LISTENER, no_speech_threshold=0.61)


@pytest.fixture
def base(house, bundle) -> str:
    """The first bundle, current again."""
    asyncio.run(promote_bundle(bundle.name, house.url))
    return str(bundle.name)


@pytest.fixture(scope="module")
def speech(prompts):
    """A sentence of a real person."""
    path = next((p.path for p in prompts if p.text.strip() == PASSWORD), None)
    if path is None:
        pytest.skip("the recording is not there")
    return read_wav(path, rate=RATE)


async def in_the_end(look, what: str) -> None:
    """Wait until something is so."""
    until = time.monotonic() + 30
    while not await look():
        assert time.monotonic() < until, what
        await asyncio.sleep(0.1)


async def type_turns(url: str, count: int) -> None:
    async with connect(url) as call, asyncio.timeout(60):
        await call.send_text("Hello!")
        async for event in call:
            if isinstance(event, Turn) and event.kind is TurnKind.AGENT_STARTED:
                count -= 1
                if not count:
                    return
                await call.send_text("And what then?")


class Caller:
    """Sends a quiet room at real time, and what is to be said in between."""

    def __init__(self, call: Call) -> None:
        self.events: list[Event] = []
        self._call = call
        self._words: deque[np.ndarray] = deque()

    @classmethod
    @contextlib.asynccontextmanager
    async def calling(cls, url: str):
        async with connect(url) as call, asyncio.timeout(240):
            caller = cls(call)
            tasks = [asyncio.create_task(caller._speak()), asyncio.create_task(caller._listen())]
            try:
                yield caller
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _speak(self) -> None:
        silence = np.zeros(FRAME, np.int16)
        while True:
            frame = self._words.popleft() if self._words else silence
            await asyncio.gather(self._call.send_audio(frame), asyncio.sleep(FRAME / RATE))

    async def _listen(self) -> None:
        async for event in self._call:
            self.events.append(event)

    def count(self, kind: TurnKind) -> int:
        return sum(isinstance(event, Turn) and event.kind is kind for event in self.events)

    def say(self, speech: np.ndarray) -> None:
        self._words.extend(np.pad(speech, (0, -len(speech) % FRAME)).reshape(-1, FRAME))

    async def until(self, kind: TurnKind, count: int) -> None:
        while self.count(kind) < count:
            await asyncio.sleep(0.05)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


async def two_turns(url: str, speech: np.ndarray, bundle: str) -> list[Transcript]:
    """A turn during which a bundle is promoted, and one after it; all that was understood."""
    async with Caller.calling(url) as caller:
        caller.say(speech)
        await caller.until(TurnKind.CALLER_STARTED, 1)
        promoted = await promote_bundle(bundle, url, reason="better")
        assert (promoted.state, promoted.reason) == (GenerationState.CURRENT, "better")
        await caller.until(TurnKind.AGENT_FINISHED, 1)
        caller.say(speech)
        await caller.until(TurnKind.AGENT_FINISHED, 2)
    assert caller.of(Problem) == []
    positions = [frame.lane_position for frame in caller.of(AgentAudio)]
    assert positions == [FRAME * n for n in range(len(positions))], "a frame got lost"
    return caller.of(Transcript)


async def test_a_call_goes_on_while_its_weights_change(house, base, other, speech):
    heard = await two_turns(house.url, speech, other)
    finals = [event for event in heard if event.final]
    assert len(finals) == 2
    assert all("password" in event.text for event in finals)
    first, second = ({e.bundle_id for e in heard if e.turn == final.turn} for final in finals)
    assert (first, second) == ({base}, {other}), "a turn mixed generations"

    async def freed() -> bool:
        old = [g for g in await generations(house.url) if g.bundle_id == base]
        return old[0].state is GenerationState.FREED

    await in_the_end(freed, "the old generation is not freed")
    assert BundleStore(house.data_dir).current() == other


async def test_every_part_can_be_another_one(house, base, speech):
    whole = copy_bundle(house.data_dir, base, OVERLAP, all_parts=True, training={"copy": "whole"})
    finals = [event for event in await two_turns(house.url, speech, whole) if event.final]
    assert all("password" in event.text for event in finals)
    assert [event.bundle_id for event in finals] == [base, whole]


async def test_a_damaged_bundle_is_refused_and_the_old_one_serves(house, base):
    bad = copy_bundle(house.data_dir, base, OVERLAP, training={"copy": "damaged"})
    damage(house.data_dir, bad, "overlap/model.onnx")
    with pytest.raises(CallError, match=r"overlap/model\.onnx is damaged"):
        await promote_bundle(bad, house.url)
    newest = (await generations(house.url))[0]
    assert (newest.bundle_id, newest.state) == (bad, GenerationState.FAILED)
    assert "damaged" in newest.reason
    assert (await status(house.url)).bundle_id == base
    await type_turns(house.url, 1)


async def test_nobody_knows_an_unknown_bundle(house, base):
    with pytest.raises(CallError, match="there is no bundle"):
        await offer_bundle("0" * 64, house.url)
    assert (await status(house.url)).bundle_id == base


async def test_back_to_the_one_before(house, base, other):
    await promote_bundle(other, house.url)
    back = await rollback_bundle(house.url, reason="people complain")
    assert (back.bundle_id, back.state) == (base, GenerationState.CURRENT)
    assert "people complain" in back.reason
    assert BundleStore(house.data_dir).current() == base


async def test_a_deaf_canary_goes_back_by_itself(house, base, speech):
    deaf = copy_bundle(house.data_dir, base, LISTENER, **DEAF)
    await type_turns(house.url, 8)  # what it is compared with
    canary = await offer_bundle(deaf, house.url, share=1.0)
    assert canary.state is GenerationState.CANARY
    async with Caller.calling(house.url) as caller:
        for count in (1, 2, 3):
            caller.say(speech)
            await caller.until(TurnKind.FALSE_START, count)

    async def gone() -> bool:
        mine = next(g for g in await generations(house.url) if g.bundle_id == deaf)
        return mine.state is GenerationState.FREED and "turns empty" in mine.reason

    await in_the_end(gone, f"it stays: {await generations(house.url)}")
    assert (await status(house.url)).bundle_id == base


async def test_what_is_announced_is_followed(house, base, other):
    client = redis.Redis.from_url(default_url(house.data_dir))
    announce(client, Announcement(kind="promote", bundle=other, reason="elsewhere", by="somebody"))

    async def followed() -> bool:
        return (await status(house.url)).bundle_id == other

    await in_the_end(followed, "the announcement was not followed")
    current = next(g for g in await generations(house.url) if g.state is GenerationState.CURRENT)
    assert current.reason == "somebody: elsewhere"


def test_pages_and_monitors_are_shown(house, base):
    shown = httpx.get(house.http + "/generations", timeout=10).json()
    current = next(one for one in shown if one["state"] == "current")
    assert (current["bundle"], current["share"]) == (base, 1.0)
    metrics = httpx.get(house.http + "/metrics", timeout=10).text
    assert f'talkover_bundle_info{{bundle="{base}"}} 1.0' in metrics
    assert 'talkover_swaps_total{result="promoted"}' in metrics
    assert 'state="current"' in metrics
