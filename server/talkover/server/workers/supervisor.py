"""Starts the workers and the front, starts a worker again when it dies, and brings all down."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import structlog

from talkover.core.errors import ConfigError, TalkoverError
from talkover.core.settings import Settings
from talkover.server.app import Running, choose_token
from talkover.server.traces.redis_server import EmbeddedRedis
from talkover.server.workers.child import Orders, dump_settings
from talkover.server.workers.front import Front
from talkover.server.workers.lines import SharedLines

_STARTING: Final = 120.0
_AGAIN: Final = (0.5, 30.0)  # seconds before a worker that died is started again, doubling
_SOUND: Final = 60.0  # … unless it had lived so long
_GRACE: Final = 10.0  # seconds on top of the drain before a worker is killed

log = structlog.get_logger()


class Supervisor:
    """All processes of one server.

    Args:
        settings: With more than one worker.
        log_level: Of the workers' logs.
    """

    def __init__(self, settings: Settings, log_level: str) -> None:
        self._settings = settings
        self._log_level = log_level
        self._token = choose_token(settings)
        self._children: dict[int, asyncio.subprocess.Process] = {}
        self._stopping = False

    async def run(self, on_ready: Callable[[Running], None]) -> None:
        """Serve until SIGINT or SIGTERM.

        Raises:
            TalkoverError: a worker cannot be started; its message is in the log.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="talkover-")))
            redis_url = self._settings.traces.redis_url
            if redis_url is None:
                embedded = EmbeddedRedis(self._settings.data_dir)
                await embedded.start()
                stack.push_async_callback(embedded.close)
                redis_url = embedded.url
            port = stack.enter_context(_reserve(self._settings))
            count, limit = self._settings.server.workers, self._settings.server.max_sessions
            lines = SharedLines(folder / "lines", count, limit, 0)
            stack.callback(lines.close)
            keepers = []
            stack.push_async_callback(self._stop)
            bundle = ""
            for worker in range(count):
                orders = self._orders(worker, folder, port, redis_url)
                bundle = await self._start(orders)
                keepers.append(asyncio.create_task(self._keep(orders, lines)))
            front = Front(self._settings, [folder / f"{worker}.sock" for worker in range(count)])
            http_port = await front.start()
            stack.push_async_callback(front.stop)
            for keeper in keepers:
                stack.callback(keeper.cancel)
            log.info("server.ready", workers=count, port=port, http_port=http_port)
            on_ready(Running(port, http_port, self._token, bundle))
            await stop.wait()
            self._stopping = True
            log.info("server.draining", sessions=lines.taken())
            front.draining = True
            await self._stop()
        log.info("server.stopped")

    def _orders(self, worker: int, folder: Path, port: int, redis_url: str) -> Orders:
        settings = dump_settings(self._settings)
        settings["server"]["port"] = port
        settings["traces"]["redis_url"] = redis_url
        base = self._settings.traces.spool or self._settings.data_dir / "traces" / "spool"
        settings["traces"]["spool"] = str(base.with_name(f"{base.name}-{worker}"))
        return Orders(
            worker=worker,
            socket=folder / f"{worker}.sock",
            lines=folder / "lines",
            token=self._token,
            log_level=self._log_level,
            settings=settings,
        )

    async def _start(self, orders: Orders) -> str:
        """Start a worker, wait until it serves, and return its bundle."""
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "talkover.server.workers.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the supervisor, which lets turns finish
        )
        self._children[orders.worker] = child
        if child.stdin is None or child.stdout is None:
            raise TalkoverError("a worker came without pipes")
        child.stdin.write(orders.model_dump_json().encode() + b"\n")
        await child.stdin.drain()
        child.stdin.close()
        try:
            async with asyncio.timeout(_STARTING):
                line = await child.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise TalkoverError(f"worker {orders.worker} did not start; its log says why")
        bundle: str = json.loads(line)["bundle"]
        return bundle

    async def _keep(self, orders: Orders, lines: SharedLines) -> None:
        """Start the worker again whenever it dies."""
        wait = _AGAIN[0]
        while not self._stopping:
            since = time.monotonic()
            code = await self._children[orders.worker].wait()
            lines.clear(orders.worker)
            if self._stopping:
                return
            log.error("worker.died", worker=orders.worker, code=code)
            if time.monotonic() - since > _SOUND:
                wait = _AGAIN[0]
            await asyncio.sleep(wait)
            wait = min(2 * wait, _AGAIN[1])
            with contextlib.suppress(TalkoverError):
                await self._start(orders)

    async def _stop(self) -> None:
        """Let every worker finish its turns, within a deadline."""
        self._stopping = True
        alive = [child for child in self._children.values() if child.returncode is None]
        for child in alive:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.server.drain_seconds + _GRACE):
                await asyncio.gather(*(child.wait() for child in alive))
        for child in alive:
            if child.returncode is None:
                child.kill()
                await child.wait()


@contextlib.contextmanager
def _reserve(settings: Settings) -> Iterator[int]:
    """The gRPC port, held so that no other server takes it, and shared with the workers."""
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))  # without sharing: fails when somebody listens
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
            ) from None
        port = int(probe.getsockname()[1])
    with socket.socket(family, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((host, port))  # bound and not listening: it takes no connections
        yield port
