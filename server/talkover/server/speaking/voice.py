"""The voice as sessions see it: asynchronous, cancellable, shared."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from talkover.core.errors import ModelError
from talkover.core.voice import SpokenClause, VoiceRuntime
from talkover.server.inference import Worker


class Voice(Protocol):
    """Anything that can say a clause."""

    @property
    def rate(self) -> int:
        """Of the audio (Hz)."""
        ...

    def say(self, text: str, *, urgent: bool = True) -> AsyncIterator[SpokenClause]:
        """Say one clause, a piece at a time; the words of a phrase come with its first piece.

        ``urgent``: the first piece is small, since somebody waits for it.

        Cancelling takes it out of line; audio that is already being made is dropped.

        Raises:
            BusyError: too many clauses are waiting.
            ModelError: the text is too long for one clause, or the voice failed.
        """
        ...

    async def close(self) -> None:
        """Give its memory back."""
        ...


class PiperVoice:
    """A Piper voice on a worker's thread. The worker is shared, and outlives the voice."""

    def __init__(self, runtime: VoiceRuntime, worker: Worker) -> None:
        self.rate = runtime.rate
        self._runtime: VoiceRuntime | None = runtime
        self._worker = worker

    @classmethod
    async def load(
        cls,
        folder: Path,
        worker: Worker,
        *,
        threads: int = 2,
        providers: Sequence[str] = ("CPUExecutionProvider",),
    ) -> "PiperVoice":
        """Load a voice folder through ``worker``, and warm it up.

        Raises:
            BundleError: the folder holds no voice that can be loaded.
            ConfigError: it would run without a provider that was asked for.
            BusyError: the worker's line is full.
        """

        def build() -> VoiceRuntime:
            runtime = VoiceRuntime(folder, threads=threads, providers=providers)
            runtime.synthesise("Good morning, how are you?", seed=0)
            return runtime

        return cls(await worker.run(build), worker)

    async def say(self, text: str, *, urgent: bool = True) -> AsyncIterator[SpokenClause]:
        """See ``Voice.say``."""
        runtime = self._runtime
        if runtime is None:
            raise ModelError("this voice is closed; take the current one from the bundle")
        pieces = runtime.pieces(text, urgent=urgent)
        while (piece := await self._worker.run(lambda: next(pieces, None))) is not None:
            yield piece

    async def close(self) -> None:
        """Drop the model; a clause that is being made still ends."""
        self._runtime = None
