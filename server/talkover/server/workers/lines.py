"""How many calls there are, over all processes of a server: admission is one atomic step."""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

_SLOT: Final = struct.Struct("<I")


class Lines(Protocol):
    """Room for calls."""

    def take(self) -> bool:
        """One more call, if there is room."""

    def give(self) -> None:
        """One call less."""

    def taken(self) -> int:
        """Calls now."""


class OwnLines:
    """The lines of a server that is a single process.

    Args:
        limit: Calls at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    def take(self) -> bool:
        """See ``Lines``."""
        if self._taken >= self._limit:
            return False
        self._taken += 1
        return True

    def give(self) -> None:
        """See ``Lines``."""
        self._taken -= 1

    def taken(self) -> int:
        """See ``Lines``."""
        return self._taken


class SharedLines:
    """The lines of several processes: a number for each in one file, and a lock on it.

    Args:
        path: The file; made if missing.
        workers: How many processes there are.
        limit: Calls at most, over all of them.
        worker: Which of them this is.
    """

    def __init__(self, path: Path, workers: int, limit: int, worker: int) -> None:
        self._workers = workers
        self._limit = limit
        self._worker = worker
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.truncate(self._file, _SLOT.size * workers)

    def take(self) -> bool:
        """See ``Lines``."""
        with self._locked():
            if self._sum() >= self._limit:
                return False
            self._write(self._worker, self._read(self._worker) + 1)
            return True

    def give(self) -> None:
        """See ``Lines``."""
        with self._locked():
            self._write(self._worker, max(0, self._read(self._worker) - 1))

    def taken(self) -> int:
        """See ``Lines``."""
        with self._locked():
            return self._sum()

    def clear(self, worker: int) -> None:
        """A worker died: its calls are gone."""
        with self._locked():
            self._write(worker, 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Held for a few microseconds: no call waits for another one here.
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _sum(self) -> int:
        return sum(self._read(worker) for worker in range(self._workers))

    def _read(self, worker: int) -> int:
        data = os.pread(self._file, _SLOT.size, worker * _SLOT.size)
        (count,) = _SLOT.unpack(data)
        return int(count)

    def _write(self, worker: int, count: int) -> None:
        os.pwrite(self._file, _SLOT.pack(count), worker * _SLOT.size)
