"""What a generation is: a bundle in this process, and how far it is."""

import hashlib
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, Literal

from talkover.server.swap.signs import Compared, Record

_COMPARED: Final = 256  # turns in the shadow


class State(StrEnum):
    """How far a generation is."""

    LOADING = "loading"
    WARMED = "warmed"
    CHECKED = "checked"
    SHADOW = "shadow"
    CANARY = "canary"
    CURRENT = "current"
    RETIRING = "retiring"
    FREED = "freed"
    FAILED = "failed"


LEGAL: Final = {
    State.LOADING: {State.WARMED, State.FAILED, State.RETIRING},
    State.WARMED: {State.CHECKED, State.FAILED, State.RETIRING},
    State.CHECKED: {State.SHADOW, State.CANARY, State.CURRENT, State.RETIRING},
    State.SHADOW: {State.CANARY, State.CURRENT, State.RETIRING},
    State.CANARY: {State.CURRENT, State.RETIRING},
    State.CURRENT: {State.RETIRING},
    State.RETIRING: {State.FREED, State.CURRENT},
    State.FREED: set[State](),
    State.FAILED: set[State](),
}
"""What may follow what. A generation that still retires may be called back."""
COMING: Final = (State.LOADING, State.WARMED, State.CHECKED, State.SHADOW, State.CANARY)
GONE: Final = (State.FREED, State.FAILED)


class Goal(IntEnum):
    """How far a candidate goes without being asked for more."""

    OFFERED = 0
    """All the way, by way of the shadow."""
    CANARY = 1
    """The same, without the shadow."""
    CURRENT = 2
    """At once."""


@dataclass(slots=True, eq=False)
class Generation:
    """A bundle in this process.

    Attributes:
        number: Counted from 0 in each process.
        bundle: Its id.
        state: How far it is.
        goal: How far it goes by itself.
        share: Of the sessions, while it is a canary.
        since: When it came to this state (s).
        uses: Turns that run on it, and whatever else needs its models.
        building: Its models are being loaded: nobody may free them yet.
        looks: At its turns, as a canary.
        why: Somebody wants it to be current.
        reason: Why it is in this state, for people.
        record: What its turns tell.
        control: What the current generation's tell since this one is a canary.
        compared: What the shadow tells.
    """

    number: int
    bundle: str
    state: State
    goal: Goal
    share: float
    since: float
    record: Record
    control: Record
    uses: int = 0
    building: bool = False
    looks: int = 0
    why: str = ""
    reason: str = ""
    compared: deque[Compared] = field(default_factory=lambda: deque(maxlen=_COMPARED))

    def take(self) -> None:
        """Something begins that needs its models.

        Raises:
            ValueError: it is not served; a mistake of ours.
        """
        if self.state not in (State.SHADOW, State.CANARY, State.CURRENT, State.RETIRING):
            raise ValueError(f"a {self.state} generation cannot be used")
        self.uses += 1

    def give(self) -> None:
        """It is over.

        Raises:
            ValueError: more was given than taken; a mistake of ours.
        """
        if self.uses <= 0:
            raise ValueError("a generation was given back twice")
        self.uses -= 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the live signs decided.

    Attributes:
        kind: As announcements have it.
        bundle: That it is about; with ``rollback`` the one that is served from now on.
        share: Of a canary.
        reason: Why.
    """

    kind: Literal["canary", "promote", "rollback"]
    bundle: str
    share: float
    reason: str


def lot(session: str, bundle: str) -> float:
    """A number from 0 up to 1 that a session always draws for a bundle, and each another one."""
    digest = hashlib.blake2b(f"{bundle}:{session}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
