"""A real Redis of its own for each test."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import redis

from talkover.core.traces.blobs import FolderStore
from talkover.server.traces import EmbeddedRedis, TraceWriter
from talkover.server.traces.blobs import BlobWriter
from talkover.server.traces.spool import Spool

from .support import Streams


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path)
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def streams(server: EmbeddedRedis) -> Streams:
    return Streams(server.url)


@pytest.fixture
def client(server: EmbeddedRedis) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(server.url, socket_timeout=5, protocol=2)
    yield client
    client.close()


@pytest.fixture
def open_writer(
    tmp_path: Path,
) -> Callable[[str], "contextlib.AbstractAsyncContextManager[TraceWriter]"]:
    @contextlib.asynccontextmanager
    async def opened(url: str) -> AsyncIterator[TraceWriter]:
        spool = Spool(tmp_path / "spool", 1 << 22)
        writer = TraceWriter(url, spool, BlobWriter(FolderStore(tmp_path / "blobs")))
        await writer.start()
        try:
            yield writer
        finally:
            await writer.close(2.0)

    return opened
