"""Keeps audio away from the event loop."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import structlog
from numpy.typing import NDArray

from talkover.core.traces.blobs import BlobStore, encode

MAX_WAITING: Final = 32
"""Blobs in line; one more is given up and counted. A blob is a turn, of a few seconds."""
MAX_SAMPLES: Final = 16_000 * 600

log = structlog.get_logger()


class BlobWriter:
    """Encodes and stores away from the event loop, on two threads: a slow store delays no key.

    Args:
        store: Where to.
    """

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._encoder = ThreadPoolExecutor(1, "blob-encoder")
        self._storer = ThreadPoolExecutor(1, "blob-storer")
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.dropped = 0

    def put(self, pcm: NDArray[np.int16], rate: int) -> "asyncio.Future[str | None]":
        """Take int16 mono [n]; return at once. Never raises.

        Only for a caller who agreed.

        Returns:
            A future of the key, known as soon as the audio is encoded; None if it was given up.
            A key may name a blob that then could not be stored.
        """
        key: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        if self._closed or len(self._tasks) >= MAX_WAITING or not 0 < len(pcm) <= MAX_SAMPLES:
            self.dropped += 1
            key.set_result(None)
            return key
        task = asyncio.create_task(self._put(pcm, rate, key), name="blob")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return key

    async def close(self, deadline: float) -> None:
        """Finish what is in line within ``deadline`` seconds; the rest is given up."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._encoder.shutdown(wait=False, cancel_futures=True)
        self._storer.shutdown(wait=False, cancel_futures=True)

    async def _put(
        self, pcm: NDArray[np.int16], rate: int, key: "asyncio.Future[str | None]"
    ) -> None:
        try:
            name, data = await self._run(self._encoder, lambda: encode(pcm, rate))
            if not key.done():
                key.set_result(name)
            await self._run(self._storer, lambda: self._store.put(name, data))
        except Exception as error:  # noqa: BLE001 - stores raise what they like; the call goes on
            self.dropped += 1
            log.warning("blob.dropped", reason=type(error).__name__)
        finally:
            with contextlib.suppress(asyncio.InvalidStateError):
                key.set_result(None)

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, call)
