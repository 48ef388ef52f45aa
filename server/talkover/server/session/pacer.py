"""Time-driven playout: a frame every 20 ms, at absolute times of the session's clock."""

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import FRAME
from talkover.server.session.agentlane import AgentLane
from talkover.server.session.mediaclock import MediaClock

_IDLE: Final = 0.1  # seconds between looks when there is nothing to say


class Pacer:
    """Takes frames off the agent lane when their time has come.

    Each burst of speech has a grid of its own, anchored where it begins. A frame that is late
    does not move the grid, so lateness never adds up.

    Args:
        lane: Where frames wait.
        clock: The session's time.
        send: Called with the media time, the frame and its lane position.
        watch: Called after each frame, and every 0.1 s while there is none.
        on_late: Told how many seconds late each frame left.
    """

    def __init__(
        self,
        lane: AgentLane,
        clock: MediaClock,
        send: Callable[[int, NDArray[np.int16], int], None],
        watch: Callable[[], None],
        on_late: Callable[[float], None],
    ) -> None:
        self._lane = lane
        self._clock = clock
        self._send = send
        self._watch = watch
        self._on_late = on_late
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """There may be something to send: look now."""
        self._stirred.set()

    async def run(self) -> None:
        """Pace until cancelled."""
        while True:
            self._stirred.clear()
            if self._lane.waiting:
                await self._burst()
            self._watch()
            await self._rest()

    async def _rest(self) -> None:
        # A timer that sets the event, not asyncio.timeout: a hundred quiet calls come here a
        # thousand times a second.
        timer = asyncio.get_running_loop().call_later(_IDLE, self._stirred.set)
        try:
            await self._stirred.wait()
        finally:
            timer.cancel()

    async def _burst(self) -> None:
        at = self._clock.now()
        while self._lane.waiting:
            if (delay := self._clock.until(at)) > 0:
                await asyncio.sleep(delay)
            position = self._lane.ledger.sent
            frame = self._lane.pop()
            if frame is None:  # the agent was silenced while this slept
                return
            self._on_late(max(0.0, -self._clock.until(at)))
            self._send(at, frame, position)
            self._watch()
            at += FRAME
