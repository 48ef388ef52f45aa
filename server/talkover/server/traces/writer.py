"""What sessions write their traces to. It never makes a call wait, and never fails it."""

import asyncio
import contextlib
import itertools
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import redis.exceptions
import structlog
from numpy.typing import NDArray

from talkover.core.errors import ConfigError
from talkover.core.records import SessionEvent, TurnRecord, redact
from talkover.core.settings import Settings
from talkover.core.traces.blobs import blob_store
from talkover.core.traces.streams import EVENTS, TURNS
from talkover.server.traces.blobs import BlobWriter
from talkover.server.traces.delivery import Delivery, connect
from talkover.server.traces.redis_server import EmbeddedRedis
from talkover.server.traces.spool import Entry, Kind, Numbered, Spool

MAX_TURNS: Final = 1_024
MAX_EVENTS: Final = 8_192
"""In memory, until the spool's thread has written them. One more is dropped and counted."""

_BATCH: Final = {Kind.TURNS: 32, Kind.EVENTS: 256}
_BLOB_SECONDS: Final = 5.0
_RETRY: Final = (0.1, 5.0)
_CLOSE_SECONDS: Final = 5.0
_DISK_SECONDS: Final = 1.0

log = structlog.get_logger()

Blobs = Mapping[str, "asyncio.Future[str | None]"]


@dataclass(frozen=True, slots=True)
class TraceStats:
    """How trace writing is doing.

    Attributes:
        connected: Redis took the last batch.
        spooled: Records that Redis has not confirmed, in memory or on disk.
        delivered: Records that it has, since the start.
        dropped: Records given up for want of room.
        blobs_dropped: Stretches of audio given up.
    """

    connected: bool
    spooled: int
    delivered: int
    dropped: int
    blobs_dropped: int


class TraceWriter:
    """Takes records at once, writes them to the spool, and delivers that to Redis.

    Args:
        url: Of the Redis.
        spool: Outlives the process; owned by the writer from now on.
        blobs: Where audio goes.

    Raises:
        ConfigError: the URL is not one of a Redis.
    """

    def __init__(self, url: str, spool: Spool, blobs: BlobWriter) -> None:
        try:
            self._client = connect(url)
        except ValueError:  # its message may hold the password
            raise ConfigError("not a Redis URL; write redis://, rediss:// or unix://") from None
        self._delivery = Delivery(self._client)
        self._spool = spool
        self._blobs = blobs
        self._disk = ThreadPoolExecutor(1, "spool")
        self._turns: deque[tuple[TurnRecord, Blobs]] = deque()
        self._events: deque[SessionEvent] = deque()
        self._fresh = asyncio.Event()  # something is in memory
        self._stored = asyncio.Event()  # something is in the spool
        self._stored.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._connected = False
        self._delivered = 0
        self._dropped = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, settings: Settings) -> "AsyncIterator[TraceWriter]":
        """The writer that the settings describe, started, with a Redis of its own if need be.

        Raises:
            TraceError: the embedded Redis or the spool cannot be used.
            ConfigError: a URL is wrong.
        """
        folder = settings.data_dir / "traces"
        traces = settings.traces
        blobs = BlobWriter(blob_store(settings))
        async with contextlib.AsyncExitStack() as stack:
            url = traces.redis_url
            if url is None:
                embedded = EmbeddedRedis(settings.data_dir)
                await embedded.start()
                stack.push_async_callback(embedded.close)
                url = embedded.url
            limit = traces.spool_megabytes << 20
            spool = await asyncio.to_thread(lambda: Spool(traces.spool or folder / "spool", limit))
            writer = cls(url, spool, blobs)
            await writer.start()
            stack.push_async_callback(writer.close)
            yield writer

    async def start(self) -> None:
        """Begin to write and deliver; what an earlier process left goes first."""
        self._tasks = [
            asyncio.create_task(self._store(), name="traces-store"),
            asyncio.create_task(self._deliver(), name="traces-deliver"),
        ]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def close(self, deadline: float = _CLOSE_SECONDS) -> None:
        """Write everything to disk, and deliver what can be within ``deadline`` seconds.

        The rest stays in the spool for the next start.
        """
        if self._closing:
            return
        self._closing = True
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        self._fresh.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._blobs.close(max(0.0, end - loop.time()))
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            await self._client.aclose()
        await self._on_disk(self._spool.close)
        self._disk.shutdown(wait=False)

    def record_turn(self, record: TurnRecord, blobs: Blobs | None = None) -> None:
        """Keep a turn. Returns at once, never raises.

        Args:
            record: The turn. Without consent it is redacted here, if it is not yet.
            blobs: Keys from ``put_audio`` by lane; the record waits for them (in line, so turns
                stay in order) and takes them in.
        """
        if self._closing or len(self._turns) >= MAX_TURNS:
            self._dropped += 1
            return
        kept = record if record.consent.record else redact(record)
        self._turns.append((kept, (blobs or {}) if record.consent.record else {}))
        self._fresh.set()

    def record_event(self, event: SessionEvent) -> None:
        """Keep an event. Returns at once, never raises. Redacting is the session's business."""
        if self._closing or len(self._events) >= MAX_EVENTS:
            self._dropped += 1
            return
        self._events.append(event)
        self._fresh.set()

    def put_audio(self, pcm: NDArray[np.int16], rate: int) -> "asyncio.Future[str | None]":
        """Keep audio of a caller who agreed: int16 mono [n]. Returns at once, never raises.

        Returns:
            A future of its sha256; None if it was given up. Hand it to ``record_turn``.
        """
        return self._blobs.put(pcm, rate)

    def stats(self) -> TraceStats:
        """How it is doing now."""
        return TraceStats(
            connected=self._connected,
            spooled=self._spool.waiting + len(self._turns) + len(self._events),
            delivered=self._delivered,
            dropped=self._dropped + sum(self._spool.dropped.values()),
            blobs_dropped=self._blobs.dropped,
        )

    async def _on_disk(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._disk, call)

    async def _store(self) -> None:
        """From memory to the spool, until closing and empty."""
        while True:
            if not self._turns and not self._events:
                if self._closing:
                    self._stored.set()
                    return
                self._fresh.clear()
                await self._fresh.wait()
                continue
            try:
                await self._store_turns()
                await self._store_events()
            except OSError as error:
                log.warning("spool.refused", reason=error.strerror)
                await asyncio.sleep(_DISK_SECONDS)  # what is in memory waits, within its bound
            self._stored.set()

    async def _store_turns(self) -> None:
        count = min(len(self._turns), _BATCH[Kind.TURNS])
        records = [await self._with_blobs(*self._turns[i]) for i in range(count)]
        bad = await self._on_disk(lambda: self._append(Kind.TURNS, records))
        self._dropped += bad
        for _ in records:
            self._turns.popleft()

    async def _store_events(self) -> None:
        records = list(itertools.islice(self._events, _BATCH[Kind.EVENTS]))
        bad = await self._on_disk(lambda: self._append(Kind.EVENTS, records))
        self._dropped += bad
        for _ in records:
            self._events.popleft()

    @staticmethod
    async def _with_blobs(record: TurnRecord, blobs: Blobs) -> TurnRecord:
        if not blobs:
            return record
        await asyncio.wait(blobs.values(), timeout=_BLOB_SECONDS)
        keys = {
            lane: key
            for lane, future in blobs.items()
            if future.done() and not future.cancelled() and (key := future.result())
        }
        return record.model_copy(update={"blobs": keys})

    def _append(self, kind: Kind, records: Sequence[TurnRecord | SessionEvent]) -> int:
        """On the disk's thread: write a batch; return how many could not be encoded."""
        entries = []
        for record in records:
            stream = TURNS if kind is Kind.TURNS else EVENTS + record.session
            with contextlib.suppress(ValueError):  # not validated, and not JSON
                entries.append(Entry(stream, record.model_dump_json().encode()))
        self._spool.append(kind, entries)
        return len(records) - len(entries)

    async def _deliver(self) -> None:
        """From the spool to Redis, until closing and empty; over and over while it is away."""
        delay = _RETRY[0]
        while True:
            self._stored.clear()
            try:
                busy = False
                for kind, limit in _BATCH.items():
                    busy |= await self._deliver_some(kind, limit)
                delay = _RETRY[0]
            except (redis.exceptions.RedisError, OSError) as error:
                if self._connected:
                    log.warning("redis.away", reason=type(error).__name__)
                self._connected = False
                if self._closing:
                    return  # the spool keeps it for the next start
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                delay = min(2 * delay, _RETRY[1])
                continue
            if not busy:
                if self._closing and self._tasks[0].done():
                    return
                await self._stored.wait()

    async def _deliver_some(self, kind: Kind, limit: int) -> bool:
        """Deliver a batch of a lane; whether there was one."""
        batch: list[Numbered] = await self._on_disk(lambda: self._spool.peek(kind, limit))
        if not batch:
            return False
        newest = await self._delivery.deliver(f"{self._spool.id}:{kind}", batch)
        if newest > self._spool.written(kind):
            log.warning("spool.renamed", reason="Redis knows a later state of it")
            await self._on_disk(self._spool.rename)
            return True
        self._connected = True
        self._delivered += len(batch)
        await self._on_disk(lambda: self._spool.confirm(kind, batch[-1].seq))
        return True


def _report(task: "asyncio.Task[None]") -> None:
    """A task of the writer must not end by an error that nobody sees."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("traces.stopped", task=task.get_name(), exc_info=error)
