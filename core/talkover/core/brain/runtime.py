"""The brain, synchronous: what a worker thread runs, one token at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import onnxruntime

from talkover.core.brain.config import GRAPH, SEEING, TOKENIZER, BrainConfig
from talkover.core.brain.graph import input_names
from talkover.core.brain.memory import Memory, Rows
from talkover.core.brain.prefix import Cached, PrefixCache
from talkover.core.brain.sampling import Sampler, Sampling
from talkover.core.brain.showing import Projector
from talkover.core.brain.sight import Shown
from talkover.core.brain.tokens import CharacterStream, ChatTokens, Message, rows_of
from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session
from talkover.core.seer.types import Seen

CHUNK: Final = 32
"""Prompt tokens read in one step: about 0.1 s on two cores, and so long a cancellation waits."""

CACHE_CONVERSATIONS: Final = 32
CACHE_BYTES: Final = 512 << 20
_SEEING: Final = 0.25
"""Of the memory, what conversations have while something is shown."""

_BLIND: Final = "this brain was not taught to see; build a bundle with a seer's delta"


class Generation:
    """One reply in the making. ``BrainRuntime.open`` makes it.

    Attributes:
        said: Tokens drawn so far, without the one that ended the reply.
        reused: Prompt tokens that did not have to be read again.
    """

    def __init__(
        self,
        entry: Cached[Memory],
        prompt: Sequence[int],
        rows: Rows,
        language: tuple[ChatTokens, frozenset[int]],
        sampling: Sampling,
        max_tokens: int,
    ) -> None:
        self.said: list[int] = []
        self.reused = len(entry.tokens)
        self._entry = entry
        self._pending = list(prompt[self.reused :])
        self._rows = rows
        tokens, self._stop = language
        self._characters = CharacterStream(tokens)
        self._sampler = Sampler(sampling)
        self._max_tokens = max_tokens
        self._closed = max_tokens == 0 and not self._pending
        entry.in_use = self._in_use

    @property
    def done(self) -> bool:
        """There is nothing more to do: it ended, was closed, or a newer one took its place."""
        return self._closed or self._entry.in_use != self._in_use

    def step(self) -> str:
        """Read at most ``CHUNK`` prompt tokens, or say one token.

        Returns:
            The characters that are now complete, possibly none.

        Raises:
            ModelError: the model refused its input.
        """
        if self.done:
            return ""
        chunk = self._pending[:CHUNK]
        logits = self._entry.buffers.run(chunk, len(self._entry.tokens), self._rows)
        self._entry.tokens += chunk
        del self._pending[:CHUNK]
        if self._pending:
            return ""
        if self._max_tokens == 0:
            self._closed = True
            return ""
        token = self._sampler.draw(logits, self.said)
        if token in self._stop:
            self._closed = True
            return ""
        self.said.append(token)
        self._pending = [token]
        self._closed = self._closed or len(self.said) >= self._max_tokens
        return self._characters.push(token)

    def close(self) -> None:
        """Say no more. Safe from any thread; what was read stays in the cache."""
        self._closed = True

    def _in_use(self) -> bool:
        return not self._closed


class BrainRuntime:
    """A brain folder, loaded.

    Not for several threads at once, except ``Generation.close``: give it one worker.

    Args:
        folder: What ``build_brain`` wrote.
        threads: For ONNX Runtime, within one step.
        providers: Of ONNX Runtime, best first.
        cache_conversations: Conversations kept in memory at most.
        cache_bytes: Memory for their keys and values at most.

    Raises:
        BundleError: the folder holds no brain that can be loaded.
        ConfigError: it would run without a provider that was asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 2,
        providers: Sequence[str] = ("CPUExecutionProvider",),
        cache_conversations: int = CACHE_CONVERSATIONS,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.config = BrainConfig.load(folder)
        self.tokens = ChatTokens.load(folder / TOKENIZER)
        shape = self.config.architecture
        sight = self.config.sight
        self._projector = (
            None
            if sight is None
            else Projector(folder, sight, threads=threads, providers=providers)
        )
        token_bytes = 2 * shape.layers * shape.kv_heads * shape.head * 4

        def cache(name: str, *, sighted: bool, share: float) -> PrefixCache[Memory]:
            session = _open_session(folder / name, self.config, threads, providers, sighted=sighted)
            return PrefixCache(
                lambda: Memory(session, shape, sighted=sighted),
                conversations=cache_conversations,
                positions=int(share * cache_bytes) // token_bytes,
            )

        seeing = _SEEING if sight is not None else 0.0
        self._cache = cache(GRAPH, sighted=False, share=1 - seeing)
        # What learnt to answer in a word about pictures does so without them, too: chat is kept
        # apart from it, at the price of a second graph.
        self._pictures = None if sight is None else cache(SEEING, sighted=True, share=seeing)
        self._stop = frozenset(self.config.stop)

    @property
    def sighted(self) -> bool:
        """Whether it can be shown pictures."""
        return self._projector is not None

    def show(self, seen: Seen) -> Shown:
        """Make of a picture what a message can show: once per picture is enough.

        Raises:
            ModelError: it is blind, or was trained with other eyes.
        """
        if self._projector is None:
            raise ModelError(_BLIND)
        return self._projector.show(seen)

    def open(
        self,
        conversation: str,
        messages: Sequence[Message],
        *,
        sampling: Sampling,
        max_tokens: int,
    ) -> Generation:
        """Begin a reply. Nothing is computed until its first ``step``.

        A reply that is still open on the same conversation ends.

        Args:
            conversation: Whose cache to use.
            messages: The chat so far, the caller's words last.
            sampling: How to draw.
            max_tokens: Of the reply.

        Raises:
            ModelError: the chat does not fit into the context, or shows pictures to a blind brain.
            BusyError: too many conversations are in use.
        """
        prompt = self.tokens.prompt(messages)
        return self._begin(conversation, prompt, rows_of(messages), sampling, max(1, max_tokens))

    def warm(self, conversation: str, messages: Sequence[Message]) -> Generation | None:
        """Read a chat ahead of the reply to it.

        Args:
            conversation: Whose cache to fill.
            messages: What the next reply's messages will begin with.

        Returns:
            A generation that says nothing; ``step`` it until it is done. None if a reply to
            this conversation is open or it is being read: that must not be disturbed.

        Raises:
            ModelError: the chat does not fit into the context.
            BusyError: too many conversations are in use.
        """
        if any(one.busy(conversation) for one in self._caches):
            return None
        prompt = self.tokens.prompt(messages, reply=False)
        return self._begin(conversation, prompt, rows_of(messages), Sampling(), 0)

    def forget(self, conversation: str) -> None:
        """Give a conversation's memory back."""
        for one in self._caches:
            one.forget(conversation)

    @property
    def _caches(self) -> list[PrefixCache[Memory]]:
        return [one for one in (self._cache, self._pictures) if one is not None]

    def _begin(
        self,
        conversation: str,
        prompt: Sequence[int],
        rows: Rows,
        sampling: Sampling,
        max_tokens: int,
    ) -> Generation:
        context, width = self.config.architecture.context, self.config.architecture.width
        cache = self._pictures if rows else self._cache
        if cache is None:
            raise ModelError(_BLIND)
        if any(row.shape != (width,) for row in rows.values()):
            raise ModelError(f"a picture's rows must be {width} wide; make them with show()")
        if len(prompt) >= context:
            raise ModelError(
                f"the chat has {len(prompt)} tokens and the brain reads {context}; "
                "shorten the instructions or keep less history"
            )
        reserve = min(len(prompt) + max_tokens, context)
        # A reply needs logits, so its last prompt token is always read.
        reusable = prompt[:-1] if max_tokens else prompt
        for other in self._caches:
            if other is not cache:
                other.interrupt(conversation)
        entry = cache.take(conversation, reusable, reserve)
        said = reserve - len(prompt)
        return Generation(entry, prompt, rows, (self.tokens, self._stop), sampling, said)


def _open_session(
    path: Path, config: BrainConfig, threads: int, providers: Sequence[str], *, sighted: bool
) -> onnxruntime.InferenceSession:
    session = open_session(path, threads=threads, providers=providers)
    expected = input_names(config.architecture, sighted=sighted)
    if {given.name for given in session.get_inputs()} != expected:
        raise BundleError(f"{path} is not a brain of ours; run: talkover models build")
    return session
