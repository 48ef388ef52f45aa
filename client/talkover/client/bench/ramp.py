"""How many talkers until answers take twice as long: doubling, then bisecting. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

FACTOR = 2.0
"""Times the gap of one talker."""


@dataclass
class Ramp:
    """Decides how many talkers come next.

    Attributes:
        most: Never more than this.
        gaps: What was found: talkers to reply gap p50 (seconds).
    """

    most: int
    gaps: dict[int, float] = field(default_factory=dict)

    def tell(self, talkers: int, gap: float) -> None:
        """Take a finding; a gap that is no number (nobody was answered) is too long."""
        self.gaps[talkers] = math.inf if math.isnan(gap) else gap

    @property
    def bound(self) -> float:
        """The longest gap that is borne (seconds); 0 before one talker was heard."""
        return FACTOR * self.gaps.get(1, 0.0)

    @property
    def good(self) -> int:
        """The most talkers below which nobody waits too long; 0: not even one is answered."""
        largest = 0
        for talkers, gap in sorted(self.gaps.items()):
            if not math.isfinite(gap) or gap > self.bound:
                break
            largest = talkers
        return largest

    @property
    def bad(self) -> int | None:
        """The fewest talkers who wait too long; None: nobody did."""
        return min((n for n in self.gaps if n > self.good), default=None)

    def next(self) -> int | None:
        """How many talkers to try; None: it is known, to an eighth."""
        if not self.gaps:
            return 1
        good, bad = self.good, self.bad
        if bad is None:
            return min(2 * good, self.most) if good < self.most else None
        if bad - good <= max(1, bad // 8):
            return None
        return (good + bad) // 2


def table(gaps: Mapping[int, float]) -> list[tuple[str, str]]:
    """What was found, for people."""
    return [(str(n), f"{gap:.2f}") for n, gap in sorted(gaps.items())]
