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

from talkover.core.brain import BrainRuntime
from talkover.core.bundles import BundleStore
from talkover.core.errors import BundleError
from talkover.core.listener import ListenerRuntime
from talkover.core.listener.served import served_variant
from talkover.core.onnx.providers import available, choose_providers
from talkover.core.settings import Settings
from talkover.core.vad import VoiceModel
from talkover.server.evidence import Witness
from talkover.server.hall import Hall
from talkover.server.hearing import BatchedListener, BatchedVoices
from talkover.server.inference import NICE, Worker
from talkover.server.memory import settle
from talkover.server.observing import Metrics
from talkover.server.parts import Parts
from talkover.server.speaking import PiperVoice
from talkover.server.thinking import Brain, EndpointBrain, OnnxBrain
from talkover.server.traces import TraceWriter
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


def choose_bundle(store: BundleStore, settings: Settings) -> tuple[str, Path]:
    """The bundle to serve and its folder, found sound.

    Raises:
        BundleError: there is none, or it is damaged.
    """
    bundle_id = settings.bundle or store.current()
    if bundle_id is None:
        raise BundleError("no bundle yet; run `talkover models build` first (or `make talk`)")
    store.verify(bundle_id)
    return bundle_id, store.path(bundle_id)


@contextlib.asynccontextmanager
async def load_parts(bundle_id: str, folder: Path, settings: Settings) -> AsyncIterator[Parts]:
    """Load a bundle's models, each on a worker of its own, and unload them at the end.

    Raises:
        BundleError: a part cannot be loaded.
        ConfigError: it cannot run on what the settings ask for.
    """
    models = settings.models
    providers = choose_providers(models.providers, available())
    async with contextlib.AsyncExitStack() as stack:

        def worker(name: str, nice: int = NICE) -> Worker:
            made = Worker(name, nice=nice)
            stack.push_async_callback(made.close)
            return made

        ears = worker("listener", nice=NICE // 2)  # before the mouth, which works ahead
        runtime = await ears.run(
            lambda: ListenerRuntime(
                folder / "listener",
                variant=served_variant(folder / "listener", models.listener_variant),
                threads=models.threads,
                providers=providers,
            )
        )
        listener = BatchedListener(runtime, ears, max_batch=models.max_batch)
        stack.push_async_callback(listener.close)
        brain = await _load_brain(folder, settings, worker)
        stack.push_async_callback(brain.close)
        mouth = worker("voice")
        voice = await PiperVoice.load(
            folder / "voice", mouth, threads=models.threads, providers=providers
        )
        stack.push_async_callback(voice.close)
        # Always on the CPU, where a hop takes 0.1 ms: the way to a GPU and back takes longer.
        drums = worker("voices", nice=0)
        voices = BatchedVoices(VoiceModel(folder / "vad" / "model.onnx"), drums)
        stack.push_async_callback(voices.close)
        witness = await Witness.load(folder, worker("witness", nice=0), worker("overlaps", nice=0))
        log.info(
            "models.loaded",
            bundle=bundle_id,
            providers=list(providers),
            listener_variant=runtime.variant,
            threads=models.threads,
            witness=witness.parts,
        )
        yield Parts(bundle_id, voices, listener, witness, brain, voice)


async def _load_brain(folder: Path, settings: Settings, worker: Callable[[str], Worker]) -> Brain:
    brain = settings.brain
    if brain.url is not None:
        key = brain.api_key.get_secret_value() if brain.api_key else None
        return EndpointBrain(brain.url, brain.model, api_key=key)
    head = worker("brain")
    threads = settings.models.threads
    # On the CPU: its keys and values live in memory there, and a small brain is quick enough. A
    # large one has an endpoint of its own.
    runtime = await head.run(lambda: BrainRuntime(folder / "brain", threads=threads))
    return OnnxBrain(runtime, head)


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
    bundle_id, folder = await asyncio.to_thread(choose_bundle, store, settings)
    token = token or choose_token(settings)
    lines = lines or OwnLines(settings.server.max_sessions)
    async with contextlib.AsyncExitStack() as stack:
        parts = await stack.enter_async_context(load_parts(bundle_id, folder, settings))
        traces = await stack.enter_async_context(TraceWriter.open(settings))
        metrics = Metrics()
        hall = Hall(lambda: parts, settings, traces, metrics, lines)
        metrics.watch(hall)
        server = GrpcServer(hall, store, settings, token)
        port = await server.start()
        web = HttpServer(hall, settings, token, metrics)
        http_port = await web.start(socket)
        settle()
        log.info(
            "server.ready",
            address=f"{settings.server.host}:{port}",
            page=f"http://{settings.server.host}:{http_port}",
            bundle=bundle_id,
            seconds=round(time.monotonic() - begin, 2),
        )
        on_ready(Running(port, http_port, token, bundle_id))
        await stop.wait()
        log.info("server.draining", sessions=len(hall))
        await server.refuse()
        await hall.drain(settings.server.drain_seconds)
        await web.stop()
        await server.stop(grace=1.0)
    log.info("server.stopped")
