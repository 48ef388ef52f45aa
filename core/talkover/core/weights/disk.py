"""Files that are either whole or not there: hashing, syncing, locking."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from talkover.core.errors import WeightsError

_THREADS: Final = 4  # hashing releases the interpreter lock, and reading waits for the disk


def sha256_of(path: Path) -> str:
    """A file's sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_all(paths: Iterable[Path]) -> dict[Path, str]:
    """The sha256 of several files, some at a time."""
    paths = list(paths)
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        return dict(zip(paths, pool.map(sha256_of, paths), strict=True))


def sync(path: Path) -> None:
    """Have the disk keep a file's content, or a folder's names, before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file so that a reader finds the old content or the new, nothing else.

    Args:
        path: Where to.
        content: In one piece, or in pieces where it is large.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def link(source: str | Path, target: str | Path) -> None:
    """Have a file that never changes under another name, too; copied where that cannot be.

    Args:
        source: The file.
        target: Its other name, in a folder that is there.
    """
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


@contextmanager
def locked(
    folder: Path, *, patience: float = 1800.0, waiting: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold a folder for this process; the lock goes with the process, however that ends.

    Args:
        folder: Made if missing; ``.lock`` in it is the lock file.
        patience: Seconds to wait for another process.
        waiting: Called once when there is one to wait for.

    Raises:
        WeightsError: the other process is still at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + patience
    told = False
    with (folder / ".lock").open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise WeightsError(
                        f"another process is at work in {folder}; wait until it is done"
                    ) from None
            if waiting is not None and not told:
                waiting()
                told = True
            time.sleep(0.2)
        yield
