"""What a brain is, wherever it runs."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from talkover.core.brain import Message


class Brain(Protocol):
    """Answers chats, word by word."""

    @property
    def budget(self) -> int:
        """Size of a chat that it can read, in UTF-8 bytes of all messages."""
        ...

    def reply(
        self,
        conversation: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float,
        seed: int | None = None,
    ) -> AsyncGenerator[str, None]:
        """Answer.

        Cancelling the task that waits for a piece, or closing the iterator, stops the brain
        within one token. It only works while somebody waits for a piece.

        Args:
            conversation: Names the conversation, so that its cache can be used again.
            messages: Instructions and history, the caller's words last.
            max_tokens: Of the answer.
            temperature: 0 is greedy.
            seed: For the same answer again; None: different every time.

        Returns:
            Pieces of text, never empty, never half a character.

        Raises:
            TalkoverError: while iterating, if the brain fails.
        """
        ...

    async def warm(self, conversation: str, messages: Sequence[Message]) -> None:
        """Read what the next reply's messages will begin with; no effect where it cannot help.

        Raises:
            TalkoverError: the brain failed.
        """
        ...

    async def forget(self, conversation: str) -> None:
        """The conversation is over: give its memory back."""
        ...

    async def close(self) -> None:
        """End all replies and give everything back."""
        ...
