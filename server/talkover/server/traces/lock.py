"""One process at a time for a folder."""

import fcntl
import os
from pathlib import Path

from talkover.core.errors import TraceError


def claim(folder: Path) -> int:
    """Make a private folder if need be, and take it for this process.

    Returns:
        A handle; closing it, or dying, gives the folder free.

    Raises:
        TraceError: another process has it, or it cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise TraceError(f"cannot keep traces in {folder}: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise TraceError(
            f"another server keeps its traces in {folder}; give this one a --data-dir of its own"
        ) from None
    return handle
