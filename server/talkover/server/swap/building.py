"""How each part of a bundle is built: through the worker that it will run on."""

import contextlib
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from talkover.core.brain import BrainRuntime, Message
from talkover.core.clock import RATE
from talkover.core.ending import EndingRuntime, has_ending
from talkover.core.errors import ConfigError, OutdatedError
from talkover.core.listener import ListenerRuntime, ListenRequest
from talkover.core.listener.served import served_variant
from talkover.core.overlap import OverlapRuntime
from talkover.core.seer.runtime import SeerRuntime, has_seer
from talkover.core.settings import NativeSettings, Settings
from talkover.core.speaker import SpeakerRuntime, has_speaker
from talkover.core.vad import VoiceModel
from talkover.server.hearing import BatchedListener, BatchedVoices
from talkover.server.inference import NICE, Seat, Worker
from talkover.server.seeing.sights import Looks, Seer
from talkover.server.speaking import PiperVoice
from talkover.server.thinking import EndpointBrain, OnnxBrain, VoiceVLM

_EARS: Final = NICE // 2  # before the mouth, which works ahead
_WARM: Final = "warming up"

Stack = contextlib.AsyncExitStack
Hearing = tuple[BatchedListener, Seat[ListenerRuntime]]

log = structlog.get_logger()


class Builder:
    """Builds the parts of one bundle.

    Args:
        folder: Of the bundle, verified.
        settings: What models run on.
        providers: Of ONNX Runtime, best first.

    Attributes:
        workers: Of the parts that it built. They yield to everything until they ``rise``.
    """

    def __init__(self, folder: Path, settings: Settings, providers: tuple[str, ...]) -> None:
        self.workers: list[Worker] = []
        self._folder = folder
        self._settings = settings
        self._models = settings.models
        self._providers = providers

    async def listener(self, stack: Stack) -> Hearing:
        """Words from audio, for sessions, and for those who ask the model themselves."""
        models, folder = self._models, self._folder / "listener"
        ears = self._worker(stack, "listener", nice=_EARS)

        def build() -> ListenerRuntime:
            runtime = ListenerRuntime(
                folder,
                variant=served_variant(folder, models.listener_variant),
                threads=models.threads,
                providers=self._providers,
            )
            runtime.transcribe([ListenRequest(np.zeros(RATE, np.float32), words=False)])
            return runtime

        seat = Seat(await ears.run(build), ears)
        listener = BatchedListener(seat.model, ears, max_batch=models.max_batch)
        stack.push_async_callback(listener.close)
        return listener, seat

    async def brain(self, stack: Stack) -> VoiceVLM:
        """Words from words."""
        settings = self._settings.brain
        if settings.url is not None:
            key = settings.api_key.get_secret_value() if settings.api_key else None
            endpoint = EndpointBrain(
                settings.url, settings.model, api_key=key, pictures=settings.pictures
            )
            stack.push_async_callback(endpoint.close)
            return endpoint
        head = self._worker(stack, "brain")
        if settings.native.folder is not None:
            return await _native(settings.native, head, stack)
        threads = self._models.threads
        # On the CPU: its keys and values live in memory there, and a small brain is quick enough.
        # A large one has an endpoint of its own.
        runtime = await head.run(lambda: BrainRuntime(self._folder / "brain", threads=threads))
        brain = OnnxBrain(runtime, head)
        stack.push_async_callback(brain.close)
        await brain.warm(_WARM, [Message("user", "Hello?")])
        await brain.forget(_WARM)
        return brain

    async def voice(self, stack: Stack) -> PiperVoice:
        """Audio from words."""
        voice = await PiperVoice.load(
            self._folder / "voice",
            self._worker(stack, "voice"),
            threads=self._models.threads,
            providers=self._providers,
        )
        stack.push_async_callback(voice.close)
        return voice

    async def voices(self, stack: Stack) -> BatchedVoices:
        """Voice activity; on the CPU, where a hop takes 0.1 ms: the way to a GPU takes longer."""
        drums = self._worker(stack, "voices", nice=0)
        model = await drums.run(lambda: VoiceModel(self._folder / "vad" / "model.onnx"))
        voices = BatchedVoices(model, drums)
        stack.push_async_callback(voices.close)
        return voices

    async def speaker(self, stack: Stack) -> Seat[SpeakerRuntime] | None:
        """Tells voices apart."""
        folder = self._folder / "speaker"
        if not has_speaker(folder):
            return None
        worker = self._worker(stack, "speaker", nice=0)
        return Seat(await worker.run(lambda: SpeakerRuntime(folder)), worker)

    async def ending(self, stack: Stack) -> Seat[EndingRuntime] | None:
        """Tells ends of turns by their sound."""
        folder = self._folder / "ending"
        if not has_ending(folder):
            return None
        worker = self._worker(stack, "ending", nice=0)
        return Seat(await worker.run(lambda: EndingRuntime(folder)), worker)

    async def seer(self, stack: Stack) -> Seer | None:
        """Sees what is in pictures, after whatever a call needs to hear and to be heard."""
        folder = self._folder / "seer"
        if not has_seer(folder):
            return None
        threads, providers = self._models.threads, self._providers
        eyes = self._worker(stack, "seer")

        def build() -> Looks:
            return SeerRuntime(folder, threads=threads, providers=providers)

        return Seat(await eyes.run(build), eyes)

    async def overlap(self, stack: Stack) -> Seat[OverlapRuntime] | None:
        """Tells what a sound is, unless it is for other features: then the core's rules decide."""
        folder = self._folder / "overlap"
        if not folder.is_dir():
            return None
        worker = self._worker(stack, "overlap", nice=0)
        try:
            return Seat(await worker.run(lambda: OverlapRuntime(folder)), worker)
        except OutdatedError as error:
            log.warning("overlap.outdated", error=str(error))
            return None

    def _worker(self, stack: Stack, name: str, nice: int = NICE) -> Worker:
        made = Worker(name, nice=nice, low=True)
        stack.push_async_callback(made.close)
        self.workers.append(made)
        return made


async def _native(settings: NativeSettings, worker: Worker, stack: Stack) -> VoiceVLM:
    try:
        # Here and nowhere else, for whoever asks for it: it takes torch, which serving does not.
        from talkover.server.thinking.native.brain import NativeBrain  # noqa: PLC0415
        from talkover.server.thinking.native.runtime import NativeRuntime  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            f"a native brain needs {error.name}: pip install 'talkover[native]'"
        ) from error
    runtime = await worker.run(lambda: NativeRuntime(settings))
    brain = NativeBrain(runtime, worker, pictures=settings.pictures)
    stack.push_async_callback(brain.close)
    return brain
