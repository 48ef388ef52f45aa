"""The brain of the bundle, a token a job, so that sessions take turns."""

import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from talkover.core.brain import BrainRuntime, Message, Sampling, Shown
from talkover.core.errors import BusyError
from talkover.core.seer.types import Seen
from talkover.server.inference import Worker
from talkover.server.thinking.history import CUT
from talkover.server.thinking.running import Run
from talkover.server.thinking.scene import Scene, Senses
from talkover.server.thinking.telling import PICTURES, last, tell

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

_KEPT: Final = 8  # pictures whose rows are kept, over all conversations
_ROOM: Final = 256  # tokens for the answer and the chat format

_SENTENCE_END: Final = re.compile(r"[.!?][\"')\]]*$")
_SENTENCE_END_INSIDE: Final = re.compile(r"[.!?][\"')\]]*(?=\s)")
_NO_END: Final = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|a\.m|p\.m)|\b[A-Z]|\d)\.$")


def sentence_ends(text: str) -> bool:
    """Whether a text, if a blank follows, ends with a sentence."""
    return bool(_SENTENCE_END.search(text)) and not _NO_END.search(text)


class OnnxBrain:
    """A ``BrainRuntime`` behind a worker.

    Where the bundle's brain was taught to see, it is asked about pictures as it was in training:
    with them and the caller's words alone. Where it was not, it is told what is written in them.

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
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._closed = False

    @property
    def budget(self) -> int:
        """What surely fits beside an answer, whatever the language."""
        style = sum(len(message.content.encode()) + 16 for message in STYLE)
        return self._runtime.config.architecture.context - _ROOM - style

    @property
    def senses(self) -> Senses:
        """See ``VoiceVLM``. Of pictures that it cannot see it is told what is written in them."""
        return Senses(pictures=PICTURES)

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
        sampling = Sampling(temperature=temperature, repetition_penalty=self._penalty, seed=seed)
        run = Run(
            lambda: self._runtime.open(
                conversation,
                self._chat(messages, scene, max_tokens),
                sampling=sampling,
                max_tokens=max_tokens,
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
        run = Run(lambda: self._runtime.warm(conversation, self._chat(messages, scene)))
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

    def _chat(
        self, messages: Sequence[Message], scene: Scene | None, reserve: int = 0
    ) -> list[Message]:
        """On the worker: a picture is projected in milliseconds."""
        seen = [(s.picture.digest, s.seen) for s in last(scene, PICTURES) if s.seen is not None]
        if not seen or not self._runtime.sighted:
            return styled(tell(messages, scene))
        shown = [self._show(digest, one) for digest, one in seen]
        room = self._runtime.config.architecture.context - reserve
        return showing(messages, shown, lambda chat: len(self._runtime.tokens.prompt(chat)) <= room)

    def _show(self, digest: str, seen: Seen) -> Shown:
        """Each picture is projected once, as long as it is among the last few."""
        if digest not in self._shown:
            self._shown[digest] = self._runtime.show(seen)
        self._shown.move_to_end(digest)
        while len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        return self._shown[digest]

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


def showing(
    messages: Sequence[Message], shown: Sequence[Shown], fits: Callable[[Sequence[Message]], bool]
) -> list[Message]:
    """The caller's last words with pictures, or pictures whose words are yet to come.

    Instructions and history stay away: a small model answers best what looks like its lessons. What
    is written in a picture can be long; of several that do not fit, the last ones stay.
    """
    words = messages[-1].content if messages and messages[-1].role == "user" else ""
    kept = tuple(shown)
    while len(kept) > 1 and not fits([Message("user", words, kept)]):
        kept = kept[1:]
    return [Message("user", words, kept)]
