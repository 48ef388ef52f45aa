"""Which conversations are kept in memory, so that only new words have to be read."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, Self, TypeVar

from talkover.core.errors import BusyError

WORTH_COPYING: Final = 16
"""Tokens that another conversation must know more for its memory to be copied."""


class Buffers(Protocol):
    """Keys and values of one conversation."""

    def copy(self, other: Self, count: int) -> None:
        """Take over the first ``count`` positions of ``other``."""
        ...


B = TypeVar("B", bound=Buffers)


def shared_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two sequences begin with in common."""
    for position, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return position
    return min(len(left), len(right))


def _idle() -> bool:
    return False


@dataclass(slots=True, eq=False)
class Cached(Generic[B]):
    """One conversation in the cache.

    Attributes:
        buffers: Its keys and values.
        tokens: What they stand for, position by position.
        reserved: Positions it may fill.
        in_use: Tells whether somebody computes on it now, so that it must stay.
    """

    buffers: B
    tokens: list[int] = field(default_factory=list)
    reserved: int = 0
    in_use: Callable[[], bool] = _idle


class PrefixCache(Generic[B]):
    """Conversations by name; the least recently used idle one makes room for the next.

    A conversation that begins like another, as all do with the same instructions, copies what the
    other knows.

    Args:
        make: Makes the buffers of a new conversation.
        conversations: Kept at most.
        positions: Tokens kept at most, over all conversations.
    """

    def __init__(self, make: Callable[[], B], *, conversations: int, positions: int) -> None:
        self._make = make
        self._conversations = conversations
        self._positions = positions
        self._entries: OrderedDict[str, Cached[B]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def reserved(self) -> int:
        """Positions reserved over all conversations."""
        return sum(entry.reserved for entry in self._entries.values())

    def busy(self, conversation: str) -> bool:
        """Somebody computes on this conversation now."""
        entry = self._entries.get(conversation)
        return entry is not None and entry.in_use()

    def take(self, conversation: str, prompt: Sequence[int], reserve: int) -> Cached[B]:
        """Give a conversation, rewound to what it shares with ``prompt``.

        Args:
            conversation: Its name.
            prompt: The tokens it will hold next.
            reserve: Positions it will fill at most, prompt and reply together.

        Raises:
            BusyError: there is no room beside the conversations in use.
        """
        entry = self._entries.get(conversation)
        others = [other for name, other in self._entries.items() if name != conversation]
        kept = sum(other.reserved for other in others if other.in_use())
        count = sum(other.in_use() for other in others)
        # Memory that was touched once stays: a conversation never needs less than it did.
        reserve = max(reserve, entry.reserved if entry is not None else 0)
        if kept + reserve > self._positions or count + 1 > self._conversations:
            raise BusyError(
                f"the brain's memory is full ({count} conversations in use); "
                "allow fewer sessions or give it more memory"
            )
        if entry is None:
            entry = Cached(self._make())
            self._entries[conversation] = entry
        self._entries.move_to_end(conversation)
        entry.reserved = reserve
        del entry.tokens[shared_prefix(entry.tokens, prompt) :]
        self._learn(entry, prompt)
        self._evict(entry)
        return entry

    def interrupt(self, conversation: str) -> None:
        """Nobody computes on a conversation any more; what it knows stays."""
        if (entry := self._entries.get(conversation)) is not None:
            entry.in_use = _idle

    def forget(self, conversation: str) -> None:
        """Drop a conversation; whoever computes on it may finish."""
        self._entries.pop(conversation, None)

    def _learn(self, entry: Cached[B], prompt: Sequence[int]) -> None:
        known, donor = max(
            ((shared_prefix(other.tokens, prompt), other) for other in self._entries.values()),
            key=lambda found: found[0],
        )
        if known >= len(entry.tokens) + WORTH_COPYING:
            entry.buffers.copy(donor.buffers, known)
            entry.tokens[:] = donor.tokens[:known]

    def _evict(self, taken: Cached[B]) -> None:
        idle = [
            name
            for name, entry in self._entries.items()
            if entry is not taken and not entry.in_use()
        ]
        for name in idle:
            if len(self._entries) <= self._conversations and self.reserved <= self._positions:
                return
            del self._entries[name]
