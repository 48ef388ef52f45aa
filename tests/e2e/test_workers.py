"""Two worker processes behind one gRPC port and one page."""

import asyncio
import json
import time

import httpx
import psutil
import pytest
from bundle_copies import OVERLAP, copy_bundle
from live_server import start_server, stop_server

from talkover.client import CallError, Turn, TurnKind, connect, promote_bundle, status

pytestmark = [pytest.mark.e2e, pytest.mark.bundle, pytest.mark.slow]


@pytest.fixture(scope="module")
def pair(bundle, tmp_path_factory):
    """A server of two workers that takes three calls."""
    folder = tmp_path_factory.mktemp("pair")
    live = start_server(folder, bundle, "--workers", "2", TALKOVER_SERVER__MAX_SESSIONS="3")
    wait_until_ready(live, 2)
    yield live
    assert stop_server(live) == 0
    assert not workers(folder)


def get(live, path: str) -> str:
    return httpx.get(live.http + path, timeout=10).text


def wait_until_ready(live, count: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if json.loads(get(live, "/readyz"))["workers"] == count:
                return
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(0.3)
    pytest.fail(live.log.read_text()[-3000:])


def workers(folder) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "talkover.server.workers.child" in line:
            found.append(process)
    return found


async def answered(url: str) -> None:
    async with connect(url) as call, asyncio.timeout(60):
        await call.send_text("Hello there!")
        async for event in call:
            if isinstance(event, Turn) and event.kind is TurnKind.AGENT_FINISHED:
                return
    pytest.fail("the call ended before the answer")


async def test_calls_are_answered_by_both(pair):
    await asyncio.gather(*(answered(pair.url) for _ in range(3)))
    assert (await status(pair.url)).sessions == 0


async def test_the_limit_is_one_for_all(pair):
    async with connect(pair.url), connect(pair.url), connect(pair.url):
        for _ in range(6):  # whichever worker the system picks
            with pytest.raises(CallError) as caught:
                async with connect(pair.url):
                    pass
            assert caught.value.code == "FULL"
        assert (await status(pair.url)).sessions == 3
    await answered(pair.url)


def test_metrics_say_which_worker(pair):
    text = get(pair, "/metrics")
    assert 'talkover_open_sessions{worker="0"}' in text
    assert 'talkover_open_sessions{worker="1"}' in text
    assert text.count("# TYPE talkover_open_sessions gauge") == 1


async def test_both_follow_one_promotion(pair, bundle):
    other = copy_bundle(pair.data_dir, bundle.name, OVERLAP, training={"copy": "workers"})
    await promote_bundle(other, pair.url)  # whichever worker the system picks
    wanted = {
        f'talkover_bundle_info{{bundle="{other}",worker="{worker}"}} 1.0' for worker in range(2)
    }
    for _ in range(100):
        if wanted <= set(get(pair, "/metrics").splitlines()):
            break
        await asyncio.sleep(0.2)
    assert wanted <= set(get(pair, "/metrics").splitlines())
    await answered(pair.url)


def test_the_page_and_its_configuration_come_through(pair):
    assert json.loads(get(pair, "/config.json"))["token_required"] is False
    assert httpx.get(pair.http + "/static/nothing.js").status_code == 404


async def test_a_worker_that_dies_is_replaced_and_the_other_goes_on(pair):
    child = workers(pair.data_dir)[0]
    child.kill()
    for _ in range(20):  # a new connection may still meet the port of the dead one
        try:
            await answered(pair.url)
            break
        except CallError:
            await asyncio.sleep(0.2)
    wait_until_ready(pair, 2)
    await answered(pair.url)
