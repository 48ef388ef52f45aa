"""What a process that lives for weeks does about its memory.

A call leaves a few megabytes in reference cycles, most of them in the WebRTC stack, and Python
looks for those ever more seldom the longer a process runs. The C library, in turn, keeps what was
given back. So after some calls both are tidied up: the models, which never go away, are taken out
of Python's sight first, which makes a look at the rest cheap.
"""

import asyncio
import ctypes
import gc
import sys
from typing import Final

_CALLS: Final = 8
_PAUSE: Final = 2.0  # seconds: the sessions that just ended have let go by then
_THRESHOLDS: Final = (5_000, 20, 1_000)
_M_MMAP_THRESHOLD: Final = -3
_LARGE: Final = 256 << 10


def settle() -> None:
    """To be called once, when the models are loaded."""
    gc.collect()
    gc.freeze()
    # With a hundred calls a full look takes 0.1 s, and audio waits for it: leave that to the end of
    # calls, and the quick looks at what is young to Python.
    gc.set_threshold(*_THRESHOLDS)
    if (libc := _libc()) is not None:
        # Large arrays always get pages of their own, and give them back when they go. Left alone
        # the library learns to keep them, among small things that outlive them.
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)


class Tidier:
    """Tidies up after every few calls; never in the middle of one second's work twice."""

    def __init__(self) -> None:
        self._calls = 0
        self._task: asyncio.Task[None] | None = None

    def call_over(self) -> None:
        """A call has ended."""
        self._calls += 1
        if self._calls >= _CALLS and (self._task is None or self._task.done()):
            self._calls = 0
            self._task = asyncio.create_task(_tidy(), name="tidy")


async def _tidy() -> None:
    await asyncio.sleep(_PAUSE)
    gc.collect()
    await trim()


async def trim() -> None:
    """Have the C library give back what it keeps."""
    if (libc := _libc()) is not None:
        await asyncio.to_thread(libc.malloc_trim, 0)  # ctypes lets go of the interpreter


def _libc() -> ctypes.CDLL | None:
    """The GNU C library, where this is it."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None
