"""Short calls, many of them: the server gives everything back.

``TALKOVER_SOAK=200 pytest -s tests/e2e/test_soak.py`` is the long form.
"""

import asyncio
import os
import time

import httpx
import psutil
import pytest
from live_server import start_server, stop_server
from prometheus_client.parser import text_string_to_metric_families
from webrtc_caller import webrtc_call

from talkover.client import connect, status

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow, pytest.mark.timeout(900)]

CALLS = int(os.environ.get("TALKOVER_SOAK", "40"))
WARM = 20
GROWTH = 1.05
LOOKS = 10


@pytest.fixture
def own_server(bundle, tmp_path):
    live = start_server(tmp_path, bundle)
    yield live
    stop_server(live)


async def grpc_call(live) -> None:
    async with connect(live.url) as call:
        for _ in range(5):
            await call.send_audio(bytes(640))
            await asyncio.sleep(0.02)


async def browser_call(live) -> None:
    async with webrtc_call(live.http):
        await asyncio.sleep(0.1)


async def settled(live) -> dict[str, float]:
    """What the server holds when nobody calls: the least of some looks.

    What calls leave in cycles goes when Python next collects it, up to 300 MB at a time; a leak
    stays in every look.
    """
    deadline = time.monotonic() + 20
    while (await status(live.url)).sessions and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    looks = []
    async with httpx.AsyncClient() as http:
        for _ in range(LOOKS):
            await asyncio.sleep(0.5)
            looks.append(look(live, (await http.get(live.http + "/metrics")).text))
    return {name: min(one[name] for one in looks) for name in looks[0]}


def look(live, metrics: str) -> dict[str, float]:
    process = psutil.Process(live.process.pid)
    families = {family.name: family for family in text_string_to_metric_families(metrics)}
    return {
        "megabytes": process.memory_info().rss / 1e6,
        "threads": process.num_threads(),
        "descriptors": process.num_fds(),
        "tasks": families["talkover_asyncio_tasks"].samples[0].value,
    }


@pytest.mark.parametrize("kind", [grpc_call, browser_call])
async def test_short_calls_leave_nothing_behind(own_server, kind):
    for _ in range(WARM):
        await kind(own_server)
    before = await settled(own_server)
    for _ in range(CALLS - WARM):
        await kind(own_server)
    after = await settled(own_server)
    print(f"{kind.__name__}: after {WARM} {before}, after {CALLS} {after}")
    assert after["megabytes"] < before["megabytes"] * GROWTH
    assert after["tasks"] <= before["tasks"] + 1
    assert after["threads"] <= before["threads"] + 2
    assert after["descriptors"] <= before["descriptors"] + 2
