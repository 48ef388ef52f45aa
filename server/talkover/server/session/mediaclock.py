"""The session's clock: monotonic time as ticks of the media clock."""

import time
from collections.abc import Callable

from talkover.core.clock import RATE


class MediaClock:
    """Counts ticks from the moment it is made.

    Args:
        monotonic: Seconds from anywhere, never going back. Tests bring their own.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._origin = monotonic()

    def now(self) -> int:
        """Ticks since the session's start."""
        return int((self._monotonic() - self._origin) * RATE)

    def until(self, tick: int) -> float:
        """Seconds from now until ``tick``; negative when it is past."""
        return self._origin + tick / RATE - self._monotonic()
