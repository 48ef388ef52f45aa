"""A generation, as long as something runs on it."""

from collections.abc import Callable
from typing import Protocol

from talkover.core.errors import BusyError
from talkover.server.parts import Parts
from talkover.server.swap.corrections import Corrections
from talkover.server.swap.generation import Generation
from talkover.server.swap.shadow import LiveTurn
from talkover.server.swap.signs import TurnSigns


class Landlord(Protocol):
    """Who gives generations to sessions: ``House``."""

    @property
    def version(self) -> int:
        """Changes whenever another generation might be chosen."""
        ...

    @property
    def shadowing(self) -> bool:
        """Somebody wants to hear live turns again."""
        ...

    @property
    def corrections(self) -> Corrections:
        """Told what callers say was misheard."""
        ...

    def choose(self, session: str) -> Generation:
        """The generation that a turn of ``session`` would begin on now."""
        ...

    def extend(self, generation: Generation) -> "Lease":
        """Another lease of a generation that is in use."""
        ...

    def lease(self, session: str) -> "Lease":
        """The generation that a turn of ``session`` begins on now."""
        ...

    def turn_over(self, generation: Generation, signs: TurnSigns) -> None:
        """A turn that ran on it is over."""
        ...

    def turn_proves(self, generation: Generation, kind: str) -> None:
        """A turn that is over proves to be ``repeated`` or ``corrected``."""
        ...

    def shadow(self, turn: LiveTurn) -> None:
        """Let a live turn be heard again, if there is time."""
        ...


class Lease:
    """The right to use a generation's models, until ``end``.

    Args:
        generation: Taken.
        parts: Its models.
        give: Gives it back; called once.
    """

    def __init__(self, generation: Generation, parts: Parts, give: Callable[[], None]) -> None:
        self.generation = generation
        self._held: tuple[Parts, Callable[[], None]] | None = parts, give

    @property
    def parts(self) -> Parts:
        """The models.

        Raises:
            BusyError: the lease is over.
        """
        if self._held is None:
            raise BusyError("the call is over, and its models may be gone")
        return self._held[0]

    def end(self) -> None:
        """Nothing of it is used any more. Safe to call again."""
        if self._held is not None:
            _, give = self._held
            self._held = None  # a session that waits to be collected must keep no models
            give()
