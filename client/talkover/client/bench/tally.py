"""How late things were: a distribution in little room, and what one caller found. Pure."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

_STEP: Final = 0.0001
"""Seconds a bin: finer than any clock that wakes a process."""


@dataclass(slots=True)
class Tally:
    """A distribution of lateness, in bins of 0.1 ms; whatever number of frames, it stays small."""

    bins: Counter[int] = field(default_factory=Counter)
    worst: float = 0.0
    """Seconds."""

    def add(self, late: float) -> None:
        """Count one, in seconds; below 0 is 0."""
        late = max(0.0, late)
        self.bins[int(late / _STEP)] += 1
        self.worst = max(self.worst, late)

    def merge(self, other: "Tally") -> None:
        """Count all of another."""
        self.bins.update(other.bins)
        self.worst = max(self.worst, other.worst)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.bins.total()

    def share_over(self, bound: float) -> float:
        """Share of those that are later than ``bound`` seconds; NaN of none."""
        if not self.count:
            return math.nan
        first = round(bound / _STEP)
        return sum(n for place, n in self.bins.items() if place >= first) / self.count

    def percentile(self, q: float) -> float:
        """The q-th percentile (0 to 100) in seconds, to the end of its bin; NaN of none."""
        wanted = q / 100 * self.count
        seen = 0
        for place, n in sorted(self.bins.items()):
            seen += n
            if seen >= wanted:
                return min((place + 1) * _STEP, self.worst)
        return math.nan

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        return {"bins": [[place, n] for place, n in self.bins.items()], "worst": self.worst}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """What ``to_json`` gave."""
        return cls(Counter(dict(map(tuple, content["bins"]))), content["worst"])


def pooled(tallies: Iterable[Tally]) -> Tally:
    """All of them in one."""
    whole = Tally()
    for one in tallies:
        whole.merge(one)
    return whole


@dataclass(slots=True)
class CallReport:
    """What one caller found."""

    transport: str
    """grpc, webrtc or probe."""
    outcome: str = "refused"
    """ok, refused (no session opened) or broke (it ended against the caller's will)."""
    reason: str = ""
    sent: Tally = field(default_factory=Tally)
    """How late the bench itself was with each of the caller's frames."""
    late: Tally = field(default_factory=Tally)
    """How late each of the agent's frames came."""
    gaps: list[float] = field(default_factory=list)
    """Seconds from the caller's last sound to the agent's first."""
    unanswered: int = 0
    interrupted: int = 0

    def to_json(self) -> dict[str, Any]:
        """For another process."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {**plain, "sent": self.sent.to_json(), "late": self.late.to_json()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """What ``to_json`` gave."""
        plain = {name: content[name] for name in _PLAIN}
        sent, late = Tally.from_json(content["sent"]), Tally.from_json(content["late"])
        return cls(**plain, sent=sent, late=late)


_PLAIN: Final = ("transport", "outcome", "reason", "gaps", "unanswered", "interrupted")
