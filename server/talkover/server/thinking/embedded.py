"""The brain of the bundle, a token a job, so that sessions take turns."""

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Final

from talkover.core.brain import BrainRuntime, Message, Sampling
from talkover.core.errors import BusyError
from talkover.server.inference import Worker
from talkover.server.thinking.history import CUT
from talkover.server.thinking.running import Run
from talkover.server.thinking.scene import Scene, Senses

ENOUGH: Final = 40
"""Characters after which an answer ends with its sentence. A small model's first sentence is its
best, and the caller is waiting."""

STYLE: Final = (
    Message("user", "Hello?"),
    Message("assistant", "Hello! How can I help you?"),
    Message("user", "I want to change my order."),
    Message("assistant", "Sure. What would you like to change?"),
    Message("user", "My phone is broken."),
    Message("assistant", "Oh no, that's annoying. What happened?"),
    Message("user", "How long is a year?"),
    Message("assistant", "A year has 365 days."),
    Message("user", "I'm so tired today."),
    Message("assistant", "I'm sorry to hear that. Did you sleep badly?"),
    Message("user", "Thank you."),
    Message("assistant", "You're welcome! Anything else?"),
)
"""Shown to the model after the instructions. It is too small to answer in a sentence because it
is told to, but it follows examples: on 21 telephone lines its answers fell from 16 to 12 tokens on
average, and "sorry for your loss" became rare."""

_ROOM: Final = 256  # tokens for the answer and the chat format

_SENTENCE_END: Final = re.compile(r"[.!?][\"')\]]*$")
_SENTENCE_END_INSIDE: Final = re.compile(r"[.!?][\"')\]]*(?=\s)")
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
        style = sum(len(message.content.encode()) + 16 for message in STYLE)
        return self._runtime.config.architecture.context - _ROOM - style

    @property
    def senses(self) -> Senses:
        """See ``VoiceVLM``."""
        return Senses()

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
        """See ``VoiceVLM``. The answer ends with the first sentence after ``ENOUGH`` characters."""
        del scene  # it is blind
        sampling = Sampling(temperature=temperature, repetition_penalty=self._penalty, seed=seed)
        run = Run(
            lambda: self._runtime.open(
                conversation, styled(messages), sampling=sampling, max_tokens=max_tokens
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

    async def warm(
        self, conversation: str, messages: Sequence[Message], scene: Scene | None = None
    ) -> None:
        """See ``VoiceVLM``. Does nothing while a reply to the conversation is open."""
        del scene
        run = Run(lambda: self._runtime.warm(conversation, styled(messages)))
        try:
            while not run.done:
                await self._step(run)
        finally:
            run.close()

    async def forget(self, conversation: str) -> None:
        """See ``VoiceVLM``."""
        if not self._closed:
            await self._worker.run(lambda: self._runtime.forget(conversation))

    async def close(self) -> None:
        """See ``VoiceVLM``. The worker stays open."""
        self._closed = True

    async def _step(self, run: Run) -> str:
        if self._closed:
            raise BusyError("the brain is closed; the server is shutting down")
        return await self._worker.run(run.step)


def styled(messages: Sequence[Message]) -> list[Message]:
    """The chat as a small model can bear it: with examples, and without broken sentences.

    It copies whatever it sees: after two answers that were cut in mid-sentence, all of its answers
    were. So of an answer that was cut it is shown the whole sentences that were heard.
    """
    instructions = [message for message in messages[:1] if message.role == "system"]
    chat: list[Message] = []
    for message in messages[len(instructions) :]:
        content = message.content
        if message.role == "assistant" and content.endswith(CUT):
            whole = [found.end() for found in _SENTENCE_END_INSIDE.finditer(content)]
            content = content[: whole[-1]] if whole else ""
        if content and chat and chat[-1].role == message.role:
            content = f"{chat.pop().content} {content}"
        if content:
            chat.append(Message(message.role, content))
    return [*instructions, *STYLE, *chat]
