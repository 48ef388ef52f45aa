"""The pictures of a call that may still be asked about, within a bound. Pure.

A picture is in view from when it was taken until the next one of its source was, or until the
source showed nothing any more. Of the last seconds, and of the turn under way, every picture is
kept; of what lies farther back ever fewer, the farther the fewer. So a question finds the picture
of its moment, and one about earlier finds what was in view for a while.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from talkover.core.clock import samples
from talkover.core.seer.types import Source
from talkover.server.seeing.difference import Sketch

MAX_SHOTS: Final = 128
"""Pictures of one source, at most: those of 20 s at five a second, and some before."""
MAX_BYTES: Final = 4 << 20
"""Of one source's pictures, at most."""

_RECENT: Final = samples(8.0)
_HELD: Final = samples(20.0)  # of a turn that goes on; what is longer is thinned, too
_STALE: Final = samples(10.0)
_OLDEST: Final = samples(600.0)
_SETTLED: Final = samples(0.7)  # in view for so long, it was shown, and did not only pass by
_BACK: Final = samples(2.0)  # "before", where everything moves


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture that is kept.

    Attributes:
        time: When it was taken, on the media clock.
        source: Where it comes from.
        data: A JPEG; empty: from then on the source showed nothing.
        sketch: For comparison.
        blank: There is nothing to be seen.
    """

    time: int
    source: Source
    data: bytes
    sketch: Sketch | None
    blank: bool = False


@dataclass(slots=True)
class Album:
    """Pictures of one source, in the order in which they were taken.

    Attributes:
        shots: The oldest first.
        seen: When the source last showed anything, new or not.
        opened: When it began to show what it has shown without a break; -1: it shows nothing.
    """

    shots: list[Shot] = field(default_factory=list)
    seen: int = 0
    opened: int = -1
    _bytes: int = 0

    @property
    def bytes(self) -> int:
        """That the pictures have."""
        return self._bytes

    @property
    def last(self) -> Shot | None:
        """The newest picture; None where there is none, or the source has gone dark since."""
        return self.shots[-1] if self.shots and self.shots[-1].data else None

    def add(self, shot: Shot, *, turn: int | None) -> None:
        """Keep a picture, at its place in time; one of the same time is replaced.

        Args:
            shot: May be older than others.
            turn: Where the turn under way begins, if there is one: its pictures stay.
        """
        if not self.shots or shot.time >= self.shots[-1].time:
            if not shot.data:
                self.opened = -1
            elif self.last is None:
                self.opened = shot.time
        place = bisect_right(self.shots, shot.time, key=_time)
        if place and self.shots[place - 1].time == shot.time:
            place -= 1
            self._drop(place)
        self.shots.insert(place, shot)
        self._bytes += len(shot.data)
        self.seen = max(self.seen, shot.time)
        newest = self.shots[-1].time
        while self.shots[0].time < newest - _OLDEST:
            self._drop(0)
        while len(self.shots) > MAX_SHOTS or (self._bytes > MAX_BYTES and len(self.shots) > 1):
            self._drop(self._weakest(turn))

    def again(self, time: int) -> None:
        """The source still shows what it showed last."""
        self.seen = max(self.seen, time)

    def at(self, time: int) -> Shot | None:
        """The picture that was in view; None: nothing was, or what was last seen is too old."""
        place = bisect_right(self.shots, time, key=_time) - 1
        if place < 0 or not self.shots[place].data:
            return None
        shot = self.shots[place]
        live = shot.source != "file" and place == len(self.shots) - 1
        return None if live and time - self.seen > _STALE else shot

    def after(self, time: int) -> Shot | None:
        """The first picture that came into view later."""
        later = self.shots[bisect_right(self.shots, time, key=_time) :]
        return next((shot for shot in later if shot.data), None)

    def before(self, time: int) -> Shot | None:
        """What was in view before that which was at a time; None: nothing was.

        The newest that was in view for a while; where everything moves, the picture of two seconds
        earlier.
        """
        place = bisect_right(self.shots, time, key=_time) - 1
        until = self.shots[place].time if place >= 0 else time
        for shot in reversed(self.shots[: max(0, place)]):
            if shot.data and until - shot.time >= _SETTLED:
                return shot
            until = shot.time
        moved = bisect_right(self.shots, time - _BACK, key=_time) - 1
        earlier = self.shots[: min(moved + 1, max(0, place))]
        return next((shot for shot in reversed(earlier) if shot.data), None)

    def _drop(self, place: int) -> None:
        self._bytes -= len(self.shots.pop(place).data)

    def _weakest(self, turn: int | None) -> int:
        """Which to do without: where pictures lie closest, next to how long ago they were."""
        newest = self.shots[-1].time
        kept = newest - _RECENT
        if turn is not None:
            kept = min(kept, max(turn - samples(1.0), newest - _HELD))
        old = [i for i in range(1, len(self.shots) - 1) if self.shots[i].time < kept]
        if not old:
            return 0
        return min(old, key=lambda i: self._gap(i) / (newest - self.shots[i].time))

    def _gap(self, place: int) -> int:
        return self.shots[place + 1].time - self.shots[place - 1].time


def _time(shot: Shot) -> int:
    return shot.time
