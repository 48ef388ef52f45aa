"""How much threads yield to one another: niceness, which Linux has for each thread."""

import contextlib
import functools
import os
import threading
from pathlib import Path
from typing import Final

NICE: Final = 10
"""How much inference yields to the event loop, on the scale of ``nice``."""
LOWEST: Final = 19
"""Yields to everything."""

_TASKS: Final = Path("/proc/self/task")
_LONGEST: Final = 15  # bytes of a thread's name, for the kernel


def set_nice(nice: int, thread: int | None = None) -> bool:
    """Set the niceness of a thread, and of those that it will start.

    Args:
        nice: 0 to 19.
        thread: The system's number for it; None: the one that calls.

    Returns:
        Whether the platform let it.
    """
    if not hasattr(os, "setpriority"):
        return False
    try:
        os.setpriority(os.PRIO_PROCESS, thread or threading.get_native_id(), nice)
    except OSError:
        return False
    return True


def name_thread(name: str) -> None:
    """Have the kernel call this thread, and those that it will start, by a name."""
    with contextlib.suppress(OSError):
        (_TASKS / str(threading.get_native_id()) / "comm").write_text(name[:_LONGEST])


def threads_named(name: str) -> list[int]:
    """The system's numbers of this process's threads that ``name_thread`` gave this name."""
    found = []
    with contextlib.suppress(OSError):
        for task in _TASKS.iterdir():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                if (task / "comm").read_text().strip() == name[:_LONGEST]:
                    found.append(int(task.name))
    return found


@functools.cache
def can_rise() -> bool:
    """Whether a thread may take priority again that it gave up: on Linux it takes a right to.

    Root has it, or whoever is given ``ulimit -e 20`` (Docker: ``--ulimit nice=20``).
    """
    found: list[bool] = []

    def attempt() -> None:
        found.append(_TASKS.is_dir() and set_nice(LOWEST) and set_nice(0))

    thread = threading.Thread(target=attempt, name="can-rise")
    thread.start()
    thread.join()
    return found == [True]
