import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest

from talkover.core.errors import ConfigError, TraceError
from talkover.core.traces.blobs import FolderStore, decode, encode, open_store
from talkover.server.traces.blobs import MAX_WAITING, BlobWriter

PCM = (np.sin(np.arange(16_000) * 0.05) * 8_000).astype(np.int16)


class SlowStore(FolderStore):
    """A folder behind a slow line."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.gate = threading.Event()

    def put(self, key: str, data: bytes) -> None:
        self.gate.wait(10)
        super().put(key, data)


class BrokenStore(FolderStore):
    """A store that is down."""

    def put(self, key: str, data: bytes) -> None:
        raise ConnectionResetError


@pytest.mark.parametrize("url", [None, "blobs", "file", "memory://blobs"])
def test_audio_comes_back_as_it_was(tmp_path: Path, url: str | None) -> None:
    if url == "file":
        url = f"file://{tmp_path}/x"
    elif url == "blobs":
        url = str(tmp_path / "x")
    store = open_store(url, tmp_path / "default")
    key, data = encode(PCM, 16_000)
    store.put(key, data)
    store.put(key, data)
    pcm, rate = decode(store.get(key))
    np.testing.assert_array_equal(pcm, PCM)
    assert rate == 16_000
    with pytest.raises(TraceError, match="no audio"):
        store.get("0" * 64)


def test_the_same_audio_is_stored_once_under_its_hash(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    key, data = encode(PCM, 16_000)
    assert encode(PCM.copy(), 16_000) == (key, data)
    assert encode(PCM, 8_000)[0] != key
    store.put(key, data)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / key[:2] / f"{key}.flac"]
    assert len(data) < PCM.nbytes


def test_a_damaged_blob_is_refused(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    key, data = encode(PCM, 16_000)
    store.put(key, data)
    (tmp_path / key[:2] / f"{key}.flac").write_bytes(data[:-1])
    with pytest.raises(TraceError, match="damaged"):
        store.get(key)


def test_an_unknown_protocol_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_store("nonsense://x", tmp_path)


async def test_a_slow_store_delays_no_key_and_the_line_is_bounded(tmp_path: Path) -> None:
    store = SlowStore(tmp_path)
    writer = BlobWriter(store)
    keys = [writer.put(PCM + i, 16_000) for i in range(MAX_WAITING + 3)]
    found = await asyncio.wait_for(asyncio.gather(*keys), 5)
    assert found[MAX_WAITING:] == [None] * 3
    assert len(set(found[:MAX_WAITING])) == MAX_WAITING
    assert writer.dropped == 3
    store.gate.set()
    await writer.close(5)
    for key in found[:MAX_WAITING]:
        assert key is not None
        assert store.get(key)


async def test_a_store_that_fails_fails_nobody(tmp_path: Path) -> None:
    writer = BlobWriter(BrokenStore(tmp_path))
    assert await writer.put(PCM, 16_000) is not None
    assert await writer.put(PCM[:0], 16_000) is None
    await writer.close(5)
    assert writer.dropped == 2
    assert await writer.put(PCM, 16_000) is None
