"""A native model behind a worker: it hears the turn itself."""

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from talkover.core.brain import Message, Sampling
from talkover.core.errors import BusyError
from talkover.server.inference import Worker
from talkover.server.thinking.native.runtime import NativeRuntime
from talkover.server.thinking.running import Run
from talkover.server.thinking.scene import Scene, Senses

_BUDGET: Final = 12_000
_AT_ONCE: Final = 8
"""Replies in the making; each holds keys and values on the device."""


class NativeBrain:
    """A ``NativeRuntime`` behind a worker, a token a job.

    Args:
        runtime: Loaded through ``worker``.
        worker: Runs every step; whoever made it closes it.
        pictures: That it takes a turn.
    """

    def __init__(self, runtime: NativeRuntime, worker: Worker, *, pictures: int) -> None:
        self._runtime = runtime
        self._worker = worker
        self._pictures = pictures
        self._open = 0
        self._closed = False

    @property
    def budget(self) -> int:
        """A few thousand tokens: more than a call's history ever holds."""
        return _BUDGET

    @property
    def senses(self) -> Senses:
        """See ``VoiceVLM``."""
        return Senses(pictures=self._pictures, sound=True)

    async def reply(
        self,
        conversation: str,
        messages: Sequence[Message],
        scene: Scene | None = None,
        *,
        max_tokens: int,
        temperature: float,
        seed: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """See ``VoiceVLM``.

        Raises:
            BusyError: too many replies are in the making.
        """
        del conversation  # a GPU reads a prompt in less time than its cache would cost memory
        if self._open >= _AT_ONCE:
            raise BusyError(f"the native model makes {_AT_ONCE} replies; allow fewer sessions")
        sampling = Sampling(temperature=temperature, seed=seed)
        run = Run(
            lambda: self._runtime.open(messages, scene, sampling=sampling, max_tokens=max_tokens)
        )
        self._open += 1
        try:
            while not run.done:
                if self._closed:
                    raise BusyError("the brain is closed; the server is shutting down")
                if piece := await self._worker.run(run.step):
                    yield piece
        finally:
            self._open -= 1
            run.close()

    async def warm(
        self, conversation: str, messages: Sequence[Message], scene: Scene | None = None
    ) -> None:
        """See ``VoiceVLM``. Nothing to do: no cache is kept between replies."""

    async def forget(self, conversation: str) -> None:
        """See ``VoiceVLM``. Nothing is kept here."""

    async def close(self) -> None:
        """See ``VoiceVLM``. The worker stays open."""
        self._closed = True
