"""The server is killed at random moments while its weights change: it always comes back.

``TALKOVER_KILLS`` sets how often; 30 take some ten minutes.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter

import pytest
import redis
from bundle_copies import LISTENER, OVERLAP, copy_bundle, damage
from live_server import LiveServer, start_server, stop_server

from talkover.client import CallError, Turn, TurnKind, connect, promote_bundle, status
from talkover.core.bundles import BundleStore
from talkover.core.bundles.keys import signer_of
from talkover.core.records import TurnRecord
from talkover.core.redis_url import default_url
from talkover.core.settings import load_settings
from talkover.core.traces.streams import TURNS

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]

KILLS = int(os.environ.get("TALKOVER_KILLS", "2"))
LONGEST = 5.0  # seconds until a kill: a swap takes less


async def talk(url: str, done: set[tuple[str, int]]) -> None:
    """Type turn after turn; those whose answer was heard to its end are noted."""
    async with connect(url, consent=True) as call:
        await call.send_text("Hello!")
        async for event in call:
            if isinstance(event, Turn) and event.kind is TurnKind.AGENT_FINISHED:
                done.add((call.session_id, event.turn))
                await call.send_text("And what then?")


async def until_killed(
    live: LiveServer, wanted: str, after: float, done: set[tuple[str, int]]
) -> None:
    """A turn is over, the next goes on and a bundle is promoted; then there is no server."""
    before = len(done)
    talking = asyncio.create_task(talk(live.url, done))
    async with asyncio.timeout(60):
        while len(done) == before:
            await asyncio.sleep(0.02)
    promoting = asyncio.create_task(promote_bundle(wanted, live.url))
    await asyncio.sleep(after)
    live.process.kill()
    live.process.wait()
    for task in (talking, promoting):
        with contextlib.suppress(CallError, TimeoutError):
            await asyncio.wait_for(task, 30)


async def serves(live: LiveServer) -> str:
    """The bundle that a turn just ran on, once all turns before it are in the stream."""
    async with connect(live.url, consent=True) as call, asyncio.timeout(60):
        await call.send_text("Are you there?")
        async for event in call:
            if isinstance(event, Turn) and event.kind is TurnKind.AGENT_FINISHED:
                break
    async with asyncio.timeout(60):
        while True:
            now = await status(live.url)
            if now.traces.connected and not now.traces.spooled:
                return now.bundle_id
            await asyncio.sleep(0.1)


def counted(live: LiveServer) -> Counter[tuple[str, int, int]]:
    """How often each turn is in the stream, by session, number and revision."""
    client = redis.Redis.from_url(default_url(live.data_dir), socket_timeout=5)
    records = [TurnRecord.parse(fields[b"record"]) for _, fields in client.xrange(TURNS)]
    return Counter((one.session, one.turn, one.revision) for one in records)


def test_a_server_that_is_killed_at_any_moment_comes_back_on_good_weights(bundle, tmp_path):
    dice = random.Random(11)
    live = start_server(tmp_path, bundle)
    store, base = BundleStore(live.data_dir), str(bundle.name)
    try:
        store.sign(base, signer_of(load_settings(data_dir=live.data_dir)))
        good, lost = {base}, set[str | None]()
        done: set[tuple[str, int]] = set()
        for kill in range(KILLS):
            part, change = (
                (OVERLAP, {"training": {"copy": kill}})
                if kill % 2
                else (LISTENER, {"no_speech_threshold": 0.61 + kill / 1_000})
            )
            wanted = copy_bundle(live.data_dir, base, part, **change)
            asyncio.run(until_killed(live, wanted, dice.random() * LONGEST, done))
            pointer = store.pointer()
            if pointer not in lost:
                assert pointer in good | {wanted}
                store.verify(pointer)
                if kill % 5 == 4 and pointer != base:  # as if the disk had lost it, too
                    damage(live.data_dir, pointer, part)
                    lost.add(pointer)
            live = start_server(tmp_path, bundle)
            served = asyncio.run(serves(live))
            assert served in (good | {wanted}) - lost
            assert pointer in lost or served in (pointer, wanted)
            good.add(served)
        counts = counted(live)
        # A server that is not sure writes again: who learns tells by these three what it has.
        assert {(session, turn) for session, turn, _ in counts} >= done
        assert len(done) >= KILLS
    finally:
        assert stop_server(live) == 0
