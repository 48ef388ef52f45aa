"""From a call's history to the messages that a brain is asked with."""

from collections.abc import Sequence
from typing import Final

from talkover.core.brain import Message
from talkover.server.thinking.history import CUT, History, Turn

INSTRUCTIONS: Final = (
    "You are a friendly assistant on the phone. Answer in one short, simple sentence, without "
    "lists, markup or emoji."
)
"""How the agent behaves when nobody says otherwise."""

BUDGET: Final = 1200
"""UTF-8 bytes of all messages: what the embedded brain surely reads. A byte-level tokenizer makes
at most one token of each; in English it makes one of four."""

_OVERHEAD: Final = 16  # bytes' worth of tokens that a chat format adds to a message
_STRIDE: Final = 8


def build_messages(
    history: History, *, instructions: str | None = None, budget: int = BUDGET
) -> list[Message]:
    """Instructions and as much of the history as the budget allows, whole turns only.

    Old turns leave eight at a time, always at the same places: so most prompts begin with the
    whole of the one before, and the brain's cache of it serves.

    Args:
        history: Of the call.
        instructions: For the agent; None or blank: ``INSTRUCTIONS``.
        budget: In UTF-8 bytes. The instructions and the last turn stay even beyond it.

    Returns:
        A system message, then user and assistant in turns.
    """
    system = Message("system", (instructions or "").strip() or INSTRUCTIONS)
    turns = history.turns
    first = -history.forgotten % _STRIDE
    if first >= len(turns):
        first = 0
    while True:
        messages = [system, *_messages(turns[first:])]
        if _size(messages) <= budget or first >= len(turns) - 1:
            return messages
        following = first + _STRIDE - (history.forgotten + first) % _STRIDE
        # Where not even the last stride fits, single turns go, down to the last one.
        first = following if following < len(turns) else first + 1


def _messages(turns: Sequence[Turn]) -> list[Message]:
    messages: list[Message] = []
    for turn in turns:
        role = "user" if turn.speaker == "caller" else "assistant"
        text = f"{turn.text} {CUT}" if turn.cut else turn.text
        if messages and messages[-1].role == role:
            text = f"{messages.pop().content} {text}"
        messages.append(Message("user" if turn.speaker == "caller" else "assistant", text))
    return messages


def _size(messages: Sequence[Message]) -> int:
    return sum(len(message.content.encode()) + _OVERHEAD for message in messages)
