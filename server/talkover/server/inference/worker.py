"""One thread that runs blocking jobs for the event loop, in order, within a bound."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from talkover.core.errors import BusyError
from talkover.server.inference.priority import (
    LOWEST,
    NICE,
    can_rise,
    name_thread,
    set_nice,
    threads_named,
)

T = TypeVar("T")


@dataclass(slots=True)
class _Job:
    call: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Worker:
    """A named thread with a bounded queue; asyncio hands it work and never waits in line.

    The thread lowers its own priority, and ONNX Runtime's threads inherit that from the thread
    which builds the session: build sessions *through* the worker (``run(lambda: Runtime(...))``),
    and the event loop, which must pace audio, always wins over inference.

    Args:
        name: Of the thread, for logs and profilers.
        depth: Jobs that may wait. One more raises ``BusyError``: refuse, don't queue.
        nice: Of the thread, where the platform has one per thread (Linux).
        low: It yields to everything until ``rise``, where the system lets it rise at all: for
            what is built beside calls.
    """

    def __init__(self, name: str, *, depth: int = 64, nice: int = NICE, low: bool = False) -> None:
        self.name = name
        self._nice = nice
        self._first = LOWEST if low and can_rise() else nice
        self._jobs: queue.Queue[_Job | None] = queue.Queue(maxsize=depth)
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs in line, not counting the one that runs."""
        return self._jobs.qsize()

    async def run(self, call: Callable[[], T]) -> T:
        """Run ``call`` on the thread and return its result.

        A caller that is cancelled while its job waits takes the job out of line; a job that has
        begun runs to its end and its result is dropped.

        Raises:
            BusyError: the line is full, or the worker is closed.
        """
        if self._closed:
            raise BusyError(f"{self.name} is closed; the server is shutting down")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        try:
            self._jobs.put_nowait(_Job(call, future, loop))
        except queue.Full:
            raise BusyError(
                f"{self.name} has {self._jobs.maxsize} jobs waiting; fewer calls or more cores"
            ) from None
        return await future

    def rise(self) -> None:
        """Somebody waits for this worker from now on: it, and the threads it started, get going."""
        if self._first != self._nice:
            for thread in threads_named(self.name):
                set_nice(self._nice, thread)

    async def close(self) -> None:
        """Refuse new jobs, cancel those in line, and wait for the one that runs."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    job.future.cancel()
        self._jobs.put_nowait(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        name_thread(self.name)
        set_nice(self._first)
        while (job := self._jobs.get()) is not None:
            if job.future.cancelled():
                continue
            try:
                result = job.call()
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits
                self._settle(job, None, error)
            else:
                self._settle(job, result, None)
            del job  # a finished job must not keep its model alive

    @staticmethod
    def _settle(job: _Job, result: object, error: BaseException | None) -> None:
        def settle() -> None:
            if job.future.done():
                return
            if error is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)

        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is whoever waited
            job.loop.call_soon_threadsafe(settle)
