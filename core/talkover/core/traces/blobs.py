"""Audio that callers agreed to have kept: FLAC files named by their sha256.

The server puts them there, and learning fetches them.
"""

import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from talkover.core.errors import ConfigError, TraceError
from talkover.core.settings import Settings
from talkover.core.weights.disk import sync


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

    def delete(self, key: str) -> bool:
        """Remove a blob; whether it was there."""
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


def blob_store(settings: Settings) -> BlobStore:
    """The store that the settings name; else the folder beside the traces."""
    return open_store(settings.traces.blobs_url, settings.data_dir / "traces" / "blobs")


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

    def delete(self, key: str) -> bool:
        """See ``BlobStore.delete``."""
        try:
            self._path(key).unlink()
        except FileNotFoundError:
            return False
        sync(self._path(key).parent)
        return True

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

    def delete(self, key: str) -> bool:
        """See ``BlobStore.delete``."""
        path = self._path(key)
        if not self._files.exists(path):
            return False
        self._files.rm_file(path)
        return True

    def _path(self, key: str) -> str:
        return f"{self._root}/{key[:2]}/{key}.flac"


def _checked(key: str, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != key:
        raise TraceError(f"audio {key[:12]}… is damaged; delete it")
    return data
