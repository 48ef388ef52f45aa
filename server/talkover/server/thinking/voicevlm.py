"""What answers callers, wherever it runs: text, words and pictures with times in, words out."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from talkover.core.brain import Message
from talkover.server.thinking.scene import Scene, Senses


class VoiceVLM(Protocol):
    """Answers chats, word by word, and looks at what the caller shows."""

    @property
    def budget(self) -> int:
        """Size of a chat that it can read, in UTF-8 bytes of all messages, pictures aside."""
        ...

    @property
    def senses(self) -> Senses:
        """What it takes of a scene; the rest is passed over."""
        ...

    def reply(
        self,
        conversation: str,
        messages: Sequence[Message],
        scene: Scene | None = None,
        *,
        max_tokens: int,
        temperature: float,
        seed: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """Answer.

        Cancelling the task that waits for a piece, or closing the iterator, stops the model
        within one token. It only works while somebody waits for a piece.

        Args:
            conversation: Names the conversation, so that its cache can be used again.
            messages: Instructions and history, the caller's words last.
            scene: What came with the last message; None: nothing but its text.
            max_tokens: Of the answer.
            temperature: 0 is greedy.
            seed: For the same answer again; None: different every time.

        Returns:
            Pieces of text, never empty, never half a character.

        Raises:
            TalkoverError: while iterating, if the model fails.
        """
        ...

    async def warm(
        self, conversation: str, messages: Sequence[Message], scene: Scene | None = None
    ) -> None:
        """Read what the next reply will begin with; no effect where it cannot help.

        Args:
            conversation: Whose cache to fill.
            messages: What the next reply's messages will begin with.
            scene: Pictures that will come with the next message, as far as they are known.

        Raises:
            TalkoverError: the model failed.
        """
        ...

    async def forget(self, conversation: str) -> None:
        """The conversation is over: give its memory back."""
        ...

    async def close(self) -> None:
        """End all replies and give everything back."""
        ...
