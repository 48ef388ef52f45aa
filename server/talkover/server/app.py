"""The live agent as a whole: what is started, in which order, and how it goes down."""

import asyncio
import contextlib
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from redis.exceptions import RedisError

from talkover.core.bundles import BundleStore
from talkover.core.bundles.keys import trust_of
from talkover.core.redis_url import redis_url
from talkover.core.settings import Settings
from talkover.server.hall import Hall
from talkover.server.memory import settle
from talkover.server.observing import Metrics
from talkover.server.swap.follower import Follower
from talkover.server.swap.house import House
from talkover.server.swap.loading import Loader
from talkover.server.swap.operator import Operator
from talkover.server.swap.policy import SwapPolicy
from talkover.server.swap.shelf import Shelf
from talkover.server.traces import TraceWriter
from talkover.server.traces.delivery import connect
from talkover.server.transports.grpc import GrpcServer
from talkover.server.transports.webrtc.http import HttpServer
from talkover.server.workers.lines import Lines, OwnLines

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        port: Where, over gRPC.
        http_port: Where the page is.
        token: What callers must bring; None: nothing.
        bundle_id: On which weights.
    """

    port: int
    http_port: int
    token: str | None
    bundle_id: str


def choose_token(settings: Settings) -> str | None:
    """The token callers need: the one that is set, or a new one where others can reach us."""
    if settings.server.token is not None:
        return settings.server.token.get_secret_value()
    return None if settings.on_loopback() else secrets.token_urlsafe(24)


def policy_of(settings: Settings) -> SwapPolicy:
    """How careful a swap is, as the settings have it."""
    return SwapPolicy(**settings.swap.model_dump())


def _report(task: "asyncio.Task[None]") -> None:
    """A task of the server must not end by an error that nobody sees."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("server.stopped_following", task=task.get_name(), exc_info=error)


@contextlib.asynccontextmanager
async def _operate(house: House, shelf: Shelf, settings: Settings) -> AsyncIterator[Operator]:
    """Follow what is said about bundles, as long as the block lasts."""
    client = connect(redis_url(settings))
    follower = Follower(house, shelf, client)
    following = asyncio.create_task(follower.run(), name="bundles")
    following.add_done_callback(_report)
    try:
        yield Operator(house, follower)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        with contextlib.suppress(RedisError, OSError):
            await client.aclose()


async def serve(
    settings: Settings,
    on_ready: Callable[[Running], None],
    *,
    lines: Lines | None = None,
    socket: Path | None = None,
    token: str | None = None,
) -> None:
    """Run the live agent until SIGINT or SIGTERM, then let running turns finish.

    Args:
        settings: All of them.
        on_ready: Called once, when calls are answered.
        lines: Room for calls, shared with other processes; None: this process alone.
        socket: Where to serve HTTP instead of on a port.
        token: What callers must bring, where a supervisor chose it.

    Raises:
        TalkoverError: it cannot be started; the message says what to do.
    """
    # The event loop must get the interpreter back soon when inference threads hold it.
    sys.setswitchinterval(0.001)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    begin = time.monotonic()
    store = BundleStore(settings.data_dir)
    loader = Loader(settings)
    shelf = Shelf(store, lambda: trust_of(settings), settings.bundle)
    folder, manifest = await asyncio.to_thread(shelf.first)
    token = token or choose_token(settings)
    lines = lines or OwnLines(settings.server.max_sessions)
    async with contextlib.AsyncExitStack() as stack:
        house = House(shelf, loader, await loader.load(folder, manifest), policy_of(settings))
        await stack.enter_async_context(house.open())
        traces = await stack.enter_async_context(TraceWriter.open(settings))
        metrics = Metrics()
        hall = Hall(house, settings, traces, metrics, lines)
        metrics.watch(hall)
        operator = await stack.enter_async_context(_operate(house, shelf, settings))
        server = GrpcServer(hall, operator, store, settings, token)
        port = await server.start()
        web = HttpServer(hall, settings, token, metrics, operator)
        http_port = await web.start(socket)
        settle()
        log.info(
            "server.ready",
            address=f"{settings.server.host}:{port}",
            page=f"http://{settings.server.host}:{http_port}",
            bundle=manifest.id,
            seconds=round(time.monotonic() - begin, 2),
        )
        on_ready(Running(port, http_port, token, manifest.id))
        await stop.wait()
        log.info("server.draining", sessions=len(hall))
        await server.refuse()
        await hall.drain(settings.server.drain_seconds)
        await web.stop()
        await server.stop(grace=1.0)
    log.info("server.stopped")
