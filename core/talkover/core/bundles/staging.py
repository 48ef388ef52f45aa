"""Folders that a bundle is made in before anybody sees it."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = ".staging-"
_CLAIMED: Final = 10.0
"""Seconds in which a folder that was just made is surely claimed."""


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A new folder in ``root``; what is still there at the end is removed.

    It is claimed with a lock that goes with the process, so what a killed process left is told
    from what a slow one still fills, and removed by the next that stages.
    """
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _sweep(root: Path) -> None:
    for leftover in root.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # another process sweeps, too
            if time.time() - leftover.stat().st_mtime > _CLAIMED and not _is_claimed(leftover):
                shutil.rmtree(leftover, ignore_errors=True)


def _is_claimed(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
