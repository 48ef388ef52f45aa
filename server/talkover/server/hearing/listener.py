"""One listener for all sessions: requests that wait together are transcribed together."""

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from talkover.core.errors import BusyError
from talkover.core.listener import ListenerRuntime, ListenRequest, Transcript
from talkover.core.listener.decoder import Abandon
from talkover.server.inference import Worker

_WAITING: Final = 256


@dataclass(slots=True, eq=False)
class _Waiting:
    request: ListenRequest
    done: asyncio.Future[Transcript]
    since: float = field(default_factory=time.monotonic)


def together(requests: list[ListenRequest]) -> list[ListenRequest]:
    """What is asked of the listener for a batch: beams are for who is alone in it."""
    return requests if len(requests) == 1 else [replace(one, beam=1) for one in requests]


class BatchedListener:
    """Transcribes for many sessions on one worker.

    Requests that came in while the worker was busy leave as one batch: at most ``max_batch``,
    urgent ones (a caller waits for an answer) before the rest (partial transcripts). A request
    whose awaiter is cancelled leaves the line; a batch for which nobody waits any more is stopped.
    Where several leave together no more texts are searched than are asked for: nobody waits longer
    for others' beams.

    Args:
        runtime: The weights.
        worker: Where they run.
        max_batch: Utterances transcribed together.
    """

    def __init__(self, runtime: ListenerRuntime, worker: Worker, *, max_batch: int = 8) -> None:
        self._runtime = runtime
        self._worker = worker
        self._max_batch = max_batch
        self._urgent: deque[_Waiting] = deque()
        self._rest: deque[_Waiting] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._running: list[_Waiting] = []
        self._abandon = Abandon()

    @property
    def busy(self) -> bool:
        """Somebody is being heard, or waits for it."""
        return self._pump is not None and not self._pump.done()

    async def transcribe(self, request: ListenRequest, *, urgent: bool = True) -> Transcript:
        """Words of one utterance.

        Raises:
            BusyError: too many requests wait already.
            ModelError: the utterance cannot be transcribed.
        """
        if len(self._urgent) + len(self._rest) >= _WAITING:
            raise BusyError(f"{_WAITING} utterances wait for the listener; fewer calls, more cores")
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        line = self._urgent if urgent else self._rest
        line.append(waiting)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run(), name="listener-pump")
        try:
            return await waiting.done
        except asyncio.CancelledError:
            with contextlib.suppress(ValueError):
                line.remove(waiting)
            if all(one.done.done() for one in self._running):
                self._abandon.set()  # it is being transcribed already, and for nobody
            raise

    async def rest(self, seconds: float | None = None) -> None:
        """Wait until nobody is being heard, at most so long."""
        if self._pump is not None:
            await asyncio.wait([self._pump], timeout=seconds)

    async def close(self) -> None:
        """Cancel everybody who waits."""
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        for waiting in (*self._urgent, *self._rest):
            waiting.done.cancel()

    async def _run(self) -> None:
        while batch := self._next_batch():
            requests = together([waiting.request for waiting in batch])
            self._running, self._abandon = batch, Abandon()
            run = partial(self._runtime.transcribe, requests, self._abandon)
            try:
                results = await self._worker.run(run)
            except asyncio.CancelledError:
                for waiting in batch:
                    waiting.done.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - it belongs to those who asked
                for waiting in batch:
                    if not waiting.done.done():
                        waiting.done.set_exception(error)
            else:
                for waiting, result in zip(batch, results, strict=True):
                    if not waiting.done.done():
                        waiting.done.set_result(result)

    def _next_batch(self) -> list[_Waiting]:
        """Urgent requests if there are any, and never both kinds: a partial must not slow them."""
        line = self._urgent or self._rest
        batch: list[_Waiting] = []
        while line and len(batch) < self._max_batch:
            batch.append(line.popleft())
        return batch
