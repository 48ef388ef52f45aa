"""The brain of the bundle, a token a job, so that sessions take turns."""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from talkover.core.brain import BrainRuntime, Generation, Message, Sampling
from talkover.core.errors import BusyError
from talkover.server.inference import Worker

ENOUGH: Final = 40
"""Characters after which an answer ends with its sentence. A small model's first sentence is its
best, and the caller is waiting."""

_SENTENCE_END: Final = re.compile(r"[.!?][\"')\]]*$")
_NO_END: Final = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|a\.m|p\.m)|\b[A-Z]|\d)\.$")


def sentence_ends(text: str) -> bool:
    """Whether a text, if a blank follows, ends with a sentence."""
    return bool(_SENTENCE_END.search(text)) and not _NO_END.search(text)


class OnnxBrain:
    """A ``BrainRuntime`` behind a worker.

    Args:
        runtime: Loaded through ``worker``, so that its threads are niced.
        worker: Runs every step; whoever made it closes it.
        repetition_penalty: See ``Sampling``.
    """

    def __init__(
        self, runtime: BrainRuntime, worker: Worker, *, repetition_penalty: float = 1.1
    ) -> None:
        self._runtime = runtime
        self._worker = worker
        self._penalty = repetition_penalty
        self._closed = False

    @property
    def budget(self) -> int:
        """What surely fits beside an answer, whatever the language."""
        return self._runtime.config.architecture.context - 256

    async def reply(
        self,
        conversation: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seed: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """See ``Brain``. The answer ends with the first sentence after ``ENOUGH`` characters."""
        sampling = Sampling(temperature=temperature, repetition_penalty=self._penalty, seed=seed)
        run = _Run(
            lambda: self._runtime.open(
                conversation, messages, sampling=sampling, max_tokens=max_tokens
            )
        )
        said = ""
        try:
            while not run.done:
                piece = await self._step(run)
                if piece[:1].isspace() and len(said) >= ENOUGH and sentence_ends(said):
                    return
                said += piece
                if piece:
                    yield piece
        finally:
            run.close()

    async def warm(self, conversation: str, messages: Sequence[Message]) -> None:
        """See ``Brain``. Does nothing while a reply to the conversation is open."""
        run = _Run(lambda: self._runtime.warm(conversation, messages))
        try:
            while not run.done:
                await self._step(run)
        finally:
            run.close()

    async def forget(self, conversation: str) -> None:
        """See ``Brain``."""
        if not self._closed:
            await self._worker.run(lambda: self._runtime.forget(conversation))

    async def close(self) -> None:
        """See ``Brain``. The worker stays open."""
        self._closed = True

    async def _step(self, run: "_Run") -> str:
        if self._closed:
            raise BusyError("the brain is closed; the server is shutting down")
        return await self._worker.run(run.step)


class _Run:
    """A generation that begins on the worker, and can be closed before, while or after it does."""

    def __init__(self, begin: Callable[[], Generation | None]) -> None:
        self._begin = begin
        self._generation: Generation | None = None
        self._begun = False
        self._closed = False

    @property
    def done(self) -> bool:
        """There is nothing more to come."""
        if not self._begun:
            return self._closed
        return self._generation is None or self._generation.done

    def step(self) -> str:
        """On the worker."""
        if self._closed:
            return ""
        if not self._begun:
            self._generation = self._begin()
            self._begun = True
            # Closed meanwhile: either this line sees it, or ``close`` sees the generation.
            if self._closed:
                self.close()
        return "" if self._generation is None else self._generation.step()

    def close(self) -> None:
        """From any thread."""
        self._closed = True
        if self._generation is not None:
            self._generation.close()
