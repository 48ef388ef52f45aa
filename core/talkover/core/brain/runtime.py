"""The brain, synchronous: what a worker thread runs, one token at a time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from talkover.core.brain.config import GRAPH, TOKENIZER, BrainConfig
from talkover.core.brain.graph import buffer_names
from talkover.core.brain.prefix import Cached, PrefixCache
from talkover.core.brain.sampling import Sampler, Sampling
from talkover.core.brain.tokens import CharacterStream, ChatTokens, Message
from talkover.core.brain.weights import Architecture
from talkover.core.errors import BundleError, ModelError
from talkover.core.onnx.session import open_session

CHUNK: Final = 32
"""Prompt tokens read in one step: about 0.1 s on two cores, and so long a cancellation waits."""

CACHE_CONVERSATIONS: Final = 32
CACHE_BYTES: Final = 512 << 20


class _Buffers:
    """Keys and values of one conversation, bound to the session for good.

    They are made at full length. The system hands out zeroed pages when they are first written,
    so a conversation costs what it holds: 46 kB a token for SmolLM2-135M.
    """

    def __init__(self, session: onnxruntime.InferenceSession, shape: Architecture) -> None:
        self._session = session
        self._binding = session.io_binding()
        self._layers: list[NDArray[np.float32]] = []
        for past, present in buffer_names(shape):
            size = (1, shape.kv_heads, shape.context, shape.head)
            self._layers.append(np.zeros(size, np.float32))
            # The value shares the array's memory and does not own it.
            value = onnxruntime.OrtValue.ortvalue_from_numpy(self._layers[-1])
            self._binding.bind_ortvalue_input(past, value)
            self._binding.bind_ortvalue_output(present, value)
        self._logits = np.zeros(shape.vocabulary, np.float32)
        logits = onnxruntime.OrtValue.ortvalue_from_numpy(self._logits.reshape(1, -1))
        self._binding.bind_ortvalue_output("logits", logits)

    def run(self, tokens: Sequence[int], cached: int) -> NDArray[np.float32]:
        """Read tokens after ``cached`` positions.

        Returns:
            Logits ``[vocabulary]`` after the last; the next run overwrites them.
        """
        self._binding.bind_cpu_input("tokens", np.array([tokens], np.int64))
        self._binding.bind_cpu_input("cached", np.array([cached], np.int32))
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:  # its exceptions have no common class
            raise ModelError(
                f"the brain refused {len(tokens)} tokens after {cached} "
                f"({type(error).__name__}); verify the bundle: talkover bundles verify"
            ) from error
        return self._logits

    def copy(self, other: Self, count: int) -> None:
        """Take over the first ``count`` positions of another conversation."""
        for mine, theirs in zip(self._layers, other._layers, strict=True):
            mine[:, :, :count] = theirs[:, :, :count]


class Generation:
    """One reply in the making. ``BrainRuntime.open`` makes it.

    Attributes:
        said: Tokens drawn so far, without the one that ended the reply.
        reused: Prompt tokens that did not have to be read again.
    """

    def __init__(
        self,
        entry: Cached[_Buffers],
        prompt: Sequence[int],
        language: tuple[ChatTokens, frozenset[int]],
        sampling: Sampling,
        max_tokens: int,
    ) -> None:
        self.said: list[int] = []
        self.reused = len(entry.tokens)
        self._entry = entry
        self._pending = list(prompt[self.reused :])
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
        logits = self._entry.buffers.run(chunk, len(self._entry.tokens))
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
        session = _open_session(folder / GRAPH, shape, threads, providers)
        token_bytes = 2 * shape.layers * shape.kv_heads * shape.head * 4
        self._cache = PrefixCache(
            lambda: _Buffers(session, shape),
            conversations=cache_conversations,
            positions=cache_bytes // token_bytes,
        )
        self._stop = frozenset(self.config.stop)

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
            ModelError: the chat does not fit into the context.
            BusyError: too many conversations are in use.
        """
        prompt = self.tokens.prompt(messages)
        return self._begin(conversation, prompt, sampling, max(1, max_tokens))

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
        if self._cache.busy(conversation):
            return None
        prompt = self.tokens.prompt(messages, reply=False)
        return self._begin(conversation, prompt, Sampling(), 0)

    def forget(self, conversation: str) -> None:
        """Give a conversation's memory back."""
        self._cache.forget(conversation)

    def _begin(
        self, conversation: str, prompt: Sequence[int], sampling: Sampling, max_tokens: int
    ) -> Generation:
        context = self.config.architecture.context
        if len(prompt) >= context:
            raise ModelError(
                f"the chat has {len(prompt)} tokens and the brain reads {context}; "
                "shorten the instructions or keep less history"
            )
        reserve = min(len(prompt) + max_tokens, context)
        # A reply needs logits, so its last prompt token is always read.
        reusable = prompt[:-1] if max_tokens else prompt
        entry = self._cache.take(conversation, reusable, reserve)
        said = reserve - len(prompt)
        return Generation(entry, prompt, (self.tokens, self._stop), sampling, said)


def _open_session(
    path: Path, shape: Architecture, threads: int, providers: Sequence[str]
) -> onnxruntime.InferenceSession:
    session = open_session(path, threads=threads, providers=providers)
    expected = {"tokens", "cached", *(past for past, _ in buffer_names(shape))}
    if {given.name for given in session.get_inputs()} != expected:
        raise BundleError(f"{path} is not a brain of ours; run: talkover models build")
    return session
