"""What a server process takes while it works: processor and memory, its children included."""

import asyncio
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from talkover.core.errors import ConfigError

_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used."""

    cpu: float
    """Seconds of processors, a second."""
    megabytes: float
    """Resident, of all processes together, at most; what they share counts for each."""
    processes: int
    samples: int


def probe() -> ModuleType:
    """The library that asks the system.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module("psutil")
    except ImportError:
        raise ConfigError("--server-pid needs psutil; pip install psutil") from None


async def watch(pid: int, seconds: float) -> Usage:
    """Look at a process and its children once a second.

    Args:
        pid: Of the server.
        seconds: How long.

    Raises:
        ConfigError: there is no such process, or no psutil.
    """
    psutil = probe()
    try:
        server = psutil.Process(pid)
    except psutil.Error:
        raise ConfigError(f"there is no process {pid}; give the server's to --server-pid") from None
    loop = asyncio.get_running_loop()
    used: dict[int, tuple[float, float]] = {}  # of each process: at the first look, at the last
    most, count, samples = 0.0, 0, 0
    began = loop.time()
    while True:
        memory = 0.0
        family = _family(server, psutil)
        for one in family:
            try:
                times, resident = one.cpu_times(), one.memory_info().rss
            except psutil.Error:  # it just ended
                continue
            spent = times.user + times.system
            fresh = 0.0 if samples else spent  # who comes later began at nothing
            used[one.pid] = (used.get(one.pid, (fresh, 0.0))[0], spent)
            memory += resident / 1e6
        most, count, samples = max(most, memory), max(count, len(family)), samples + 1
        left = began + seconds - loop.time()
        if left <= 0:
            break
        await asyncio.sleep(min(_EVERY, left))
    spent = sum(last - first for first, last in used.values())
    return Usage(spent / max(seconds, 1e-9), most, count, samples)


def resident(pid: int) -> float:
    """Megabytes of a process and its children together; what they share counts for each.

    Raises:
        ConfigError: there is no such process, or no psutil.
    """
    psutil = probe()
    try:
        family = _family(psutil.Process(pid), psutil)
        return sum(float(one.memory_info().rss) for one in family) / 1e6
    except psutil.Error:
        raise ConfigError(f"there is no process {pid}; give the server's to --server-pid") from None


def _family(server: Any, psutil: ModuleType) -> list[Any]:
    try:
        return [server, *server.children(recursive=True)]
    except psutil.Error:
        return []
