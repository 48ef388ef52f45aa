"""Audio that callers agreed to have kept: FLAC files named by their sha256."""

import asyncio
import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import soundfile
import structlog
from numpy.typing import NDArray

from talkover.core.errors import ConfigError, TraceError

MAX_WAITING: Final = 32
"""Blobs in line; one more is given up and counted. A blob is a turn, of a few seconds."""
MAX_SAMPLES: Final = 16_000 * 600

log = structlog.get_logger()


class BlobStore(Protocol):
    """A place for blobs. Blocking."""

    def put(self, key: str, data: bytes) -> None:
        """Store ``data`` under its key, wholly or not at all; again is no error."""
        ...

    def get(self, key: str) -> bytes:
        """Fetch a blob.

        Raises:
            TraceError: it is not there, or is damaged.
        """
        ...


def encode(pcm: NDArray[np.int16], rate: int) -> tuple[str, bytes]:
    """FLAC of int16 mono [n], and the key it is stored under."""
    file = io.BytesIO()
    soundfile.write(file, pcm, rate, format="FLAC", subtype="PCM_16")
    data = file.getvalue()
    return hashlib.sha256(data).hexdigest(), data


def decode(data: bytes) -> tuple[NDArray[np.int16], int]:
    """A blob's int16 mono [n] and rate."""
    pcm, rate = soundfile.read(io.BytesIO(data), dtype="int16")
    return pcm, int(rate)


def open_store(url: str | None, folder: Path) -> BlobStore:
    """The store at a folder or an fsspec URL such as ``s3://bucket/prefix``; none: at ``folder``.

    Raises:
        ConfigError: the URL's protocol is unknown, or needs a package that is not installed.
    """
    if url is None or "://" not in url:
        return FolderStore(folder if url is None else Path(url).expanduser())
    if url.startswith("file://"):
        return FolderStore(Path(url.removeprefix("file://")))
    return RemoteStore(url)


class FolderStore:
    """A folder; a blob ``abcd…`` is the file ``ab/abcd….flac``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes) -> None:
        """See ``BlobStore.put``. The file is on the disk when this returns."""
        path = self._path(key)
        if path.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def get(self, key: str) -> bytes:
        """See ``BlobStore.get``."""
        try:
            return _checked(key, self._path(key).read_bytes())
        except OSError:
            raise TraceError(f"no audio {key[:12]}… in {self._folder}") from None

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.flac"


class RemoteStore:
    """Anything that fsspec reaches and where a put is all or nothing, as in object storage."""

    def __init__(self, url: str) -> None:
        import fsspec  # noqa: PLC0415 - seldom needed

        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ConfigError(f"audio cannot be kept at that URL: {error}") from None

    def put(self, key: str, data: bytes) -> None:
        """See ``BlobStore.put``."""
        path = self._path(key)
        if not self._files.exists(path):
            self._files.pipe_file(path, data)

    def get(self, key: str) -> bytes:
        """See ``BlobStore.get``."""
        try:
            return _checked(key, self._files.cat_file(self._path(key)))
        except OSError:
            raise TraceError(f"no audio {key[:12]}… in the blob store") from None

    def _path(self, key: str) -> str:
        return f"{self._root}/{key[:2]}/{key}.flac"


def _checked(key: str, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != key:
        raise TraceError(f"audio {key[:12]}… is damaged; delete it")
    return data


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
