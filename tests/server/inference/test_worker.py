"""The thread that models run on."""

import asyncio
import os
import threading
import time

import pytest

from talkover.core.errors import BusyError
from talkover.server.inference import Worker
from talkover.server.inference.priority import LOWEST, can_rise


@pytest.fixture
async def worker():
    made = Worker("test", depth=4)
    yield made
    await made.close()


async def test_jobs_run_in_order_on_one_thread(worker):
    order: list[int] = []
    names = set()

    def job(number):
        order.append(number)
        names.add(threading.current_thread().name)
        return number

    results = await asyncio.gather(*(worker.run(lambda n=n: job(n)) for n in range(4)))
    assert results == order == [0, 1, 2, 3]
    assert names == {"test"}


async def test_an_error_reaches_who_asked_and_the_thread_lives_on(worker):
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 5) == 5


async def test_a_full_line_is_refused_and_a_cancelled_job_never_runs(worker):
    gate = threading.Event()
    ran = []
    busy = asyncio.create_task(worker.run(gate.wait))
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(worker.run(lambda n=n: ran.append(n))) for n in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(BusyError, match="fewer calls"):
        await worker.run(lambda: None)
    waiting[1].cancel()
    gate.set()
    await asyncio.gather(busy, *waiting, return_exceptions=True)
    assert ran == [0, 2, 3]


async def test_closing_cancels_who_waits_and_refuses_who_comes():
    worker = Worker("closing")
    gate = threading.Event()
    busy = asyncio.create_task(worker.run(gate.wait))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(worker.run(lambda: None))
    await asyncio.sleep(0)
    closing = asyncio.create_task(worker.close())
    await asyncio.sleep(0.05)
    gate.set()
    await closing
    assert await busy
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(BusyError, match="closed"):
        await worker.run(lambda: None)


@pytest.mark.skipif(not can_rise(), reason="needs the right to raise priorities")
async def test_what_is_built_beside_calls_yields_until_somebody_waits_for_it():
    worker = Worker("built-beside", nice=3, low=True)
    release = threading.Event()

    def start() -> int:
        child = threading.Thread(target=release.wait, daemon=True)
        child.start()
        while child.native_id is None:
            time.sleep(0.001)
        return child.native_id

    child = await worker.run(start)
    own = await worker.run(threading.get_native_id)
    assert [niceness(one) for one in (own, child)] == [LOWEST, LOWEST]
    worker.rise()
    assert [niceness(one) for one in (own, child)] == [3, 3]
    assert niceness(threading.get_native_id()) == 0
    release.set()
    await worker.close()


async def test_without_that_right_it_has_its_place_at_once(monkeypatch):
    monkeypatch.setattr("talkover.server.inference.worker.can_rise", lambda: False)
    worker = Worker("in-place", nice=3, low=True)
    assert niceness(await worker.run(threading.get_native_id)) == 3
    await worker.close()


def niceness(thread: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, thread)
