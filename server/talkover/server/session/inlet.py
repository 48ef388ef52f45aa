"""The caller's audio, from the wire through voice activity to the lane that everybody reads."""

import asyncio
from collections.abc import Callable

from talkover.core.clock import HOP, RATE
from talkover.server.hearing import REPLAY, Judged
from talkover.server.session.farend import FarEnd
from talkover.server.session.lane import CallerLane
from talkover.server.session.leases import Leases


class Inlet:
    """Has every hop of the caller's audio judged, on the voice activity of the standing lease.

    Args:
        lane: Where judged audio is kept.
        far: What the agent said, for its echo.
        leases: Of the session's models.
        hear: Told of each hop when it is on the lane.
        fail: Called at most once, when no more hops can be judged.
    """

    def __init__(
        self,
        lane: CallerLane,
        far: FarEnd,
        leases: Leases,
        hear: Callable[[Judged], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._lane = lane
        self._far = far
        self._leases = leases
        self._hear = hear
        self._fail = fail
        self._voices = leases.standing.voices.open(self._judged, fail)

    async def take(self, data: bytes, starts_at: int, now: int) -> None:
        """Take a chunk as it came. Waits while the caller is too far ahead of the clock.

        Raises:
            ProtocolError: the chunk begins before the lane's end, or in the far future.
            AudioError: it cannot be decoded.
        """
        for hop in self._lane.feed(data, starts_at, now):
            await self._voices.push(hop.end, hop.pcm, self._far.cut(hop.end - HOP, hop.end))
        if lead := self._lane.lead(now):
            await asyncio.sleep(lead / RATE)

    def renew(self, *, quiet: bool) -> None:
        """Take up the models that the session would be given now.

        Args:
            quiet: Nobody speaks, and no hop waits.
        """
        if self._leases.renew(quiet=quiet):
            before, tape = self._voices, self._lane.tape
            recent = tape.cut(tape.end - REPLAY, tape.end)
            voices = self._leases.standing.voices
            self._voices = voices.open(self._judged, self._fail, before, recent)
            before.close()

    def close(self) -> None:
        """No more is judged."""
        self._voices.close()

    def _judged(self, hop: Judged) -> None:
        self._lane.keep(hop.pcm)
        self._hear(hop)
