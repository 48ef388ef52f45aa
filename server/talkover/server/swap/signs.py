"""What turns tell about the weights that they ran on, and whether new weights do worse."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from talkover.server.swap.odds import fisher, later, sign_test
from talkover.server.swap.policy import SwapPolicy

KINDS: Final = ("empty", "repeated", "corrected", "failed", "late")
"""The questions that are asked about a canary: four shares, and how long answers take."""
_COUNTED: Final = KINDS[:4]


@dataclass(frozen=True, slots=True)
class TurnSigns:
    """What a turn that is over tells.

    Attributes:
        empty: A voice was heard, and no words came of it.
        repeated: The caller said nearly the same in the turn after.
        corrected: The caller said that the words were wrong.
        failed: The answer broke off by an error.
        latency: Seconds from the end of the caller's speech until the answer was audible; None:
            there was none.
    """

    empty: bool = False
    repeated: bool = False
    corrected: bool = False
    failed: bool = False
    latency: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """A turn that was heard by two generations.

    Attributes:
        empty: The new one found no words where the old one did.
        empty_before: The old one found none where the new one did.
        broken: Only the new one did not come to an end, or failed.
    """

    empty: bool = False
    empty_before: bool = False
    broken: bool = False


class Record:
    """The newest turns of a generation.

    Args:
        window: How many are remembered.
    """

    def __init__(self, window: int) -> None:
        self._signs: deque[TurnSigns] = deque(maxlen=window)
        self._late: dict[str, int] = dict.fromkeys(("repeated", "corrected"), 0)
        self.turns = 0

    def add(self, signs: TurnSigns) -> None:
        """A turn is over."""
        self._signs.append(signs)
        self.turns += 1

    def add_later(self, kind: str) -> None:
        """A turn that is over proves to be ``repeated`` or ``corrected``."""
        self._late[kind] += 1

    @property
    def n(self) -> int:
        """Turns that are remembered."""
        return len(self._signs)

    def count(self, kind: str) -> int:
        """How many of them were of that kind."""
        found = sum(bool(getattr(signs, kind)) for signs in self._signs)
        return min(self.n, found + self._late.get(kind, 0))

    def latencies(self) -> list[float]:
        """Of those that were answered: seconds."""
        return [signs.latency for signs in self._signs if signs.latency is not None]

    def summary(self) -> dict[str, float]:
        """For people: the share of each kind, and the median latency in seconds."""
        shares = {kind: self.count(kind) / self.n for kind in _COUNTED} if self.n else {}
        latencies = sorted(self.latencies())
        if latencies:
            shares["latency"] = latencies[len(latencies) // 2]
        return shares


def drift(new: Record, old: Record, policy: SwapPolicy) -> str | None:
    """Why the new generation is worse than the old one beyond chance; None: it is not.

    Shares are compared by Fisher's exact test, latencies by Mann and Whitney's, one-sided, each at
    the policy's ``alpha`` over all questions that are asked until the promotion.
    """
    level = policy.alpha / (len(KINDS) * policy.looks)
    for kind in _COUNTED:
        chance = fisher(new.count(kind), new.n, old.count(kind), old.n)
        if chance < level:
            return (
                f"{new.count(kind)} of {new.n} turns {kind}, before {old.count(kind)} of {old.n} "
                f"(p = {chance:.1g})"
            )
    chance = later(new.latencies(), old.latencies(), policy.latency_slack)
    if chance < level:
        return f"answers come more than {policy.latency_slack:g} s later (p = {chance:.1g})"
    return None


def shadow_drift(compared: Iterable[Compared], policy: SwapPolicy) -> str | None:
    """Why the new generation heard worse in the shadow beyond chance; None: it did not.

    Pairs of the same sound, so a sign test, at the policy's ``alpha`` for both questions.
    """
    seen = list(compared)
    empty = sum(one.empty for one in seen)
    broken = sum(one.broken for one in seen)
    level = policy.alpha / 2
    if sign_test(empty, sum(one.empty_before for one in seen)) < level:
        return f"no words in {empty} of {len(seen)} turns in which there were some"
    if sign_test(broken, 0) < level:
        return f"{broken} of {len(seen)} turns in the shadow failed"
    return None
