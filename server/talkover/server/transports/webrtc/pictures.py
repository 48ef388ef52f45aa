"""The video lane over WebRTC: tracks are always drained, and pictures are kept as they change."""

import asyncio
from functools import partial
from typing import Any, Final

import numpy as np
from aiortc.mediastreams import MediaStreamError

from talkover.core.clock import samples
from talkover.core.errors import PictureError
from talkover.core.seer.decoding import MAX_PIXELS, fit
from talkover.core.seer.types import LONGEST_SIDE, Rgb, Source
from talkover.server.session import Session
from talkover.server.transports.webrtc.seam import Arrivals
from talkover.server.transports.webrtc.videoclock import VideoClock

_EVERY: Final = samples(0.15)  # between pictures, at least: browsers send five a second
_DARK: Final = 3.0  # seconds without a picture after which nothing is shown any more
_HELD: Final = samples(1.0)  # for which the last one is in view: screens at rest send so many


class Watcher:
    """Watches one track.

    Args:
        track: Of the caller.
        arrivals: When its packets came.
        screen: A screen, not a camera.
    """

    def __init__(self, track: Any, arrivals: Arrivals, *, screen: bool) -> None:
        self._track = track
        self._arrivals = arrivals
        self._clock = VideoClock()
        self._source: Source = "screen" if screen else "camera"

    async def run(self, session: Session) -> None:
        """Show pictures to the session until the track ends."""
        last = -_EVERY
        while True:
            try:
                async with asyncio.timeout(_DARK):
                    frame = await self._track.recv()
            except TimeoutError:
                session.eyes.dark(last + _HELD, self._source)
                continue
            except MediaStreamError:
                session.eyes.dark(last + _HELD, self._source)
                return
            late = self._arrivals.late(frame.pts)
            at = self._clock.place(frame.pts, frame.time_base, session.now - samples(late))
            if abs(at - last) >= _EVERY:
                last = at
                session.eyes.show(partial(_pixels, frame), at, self._source)


def _pixels(frame: Any) -> Rgb:
    """A decoded picture of a video, at most as large as it may be looked at."""
    width, height = frame.width, frame.height
    if width * height > MAX_PIXELS:
        raise PictureError("a video of over 25 million pixels; send a smaller one")
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    size = [max(2, round(side * scale)) for side in (width, height)]
    small = frame.reformat(width=size[0], height=size[1], format="rgb24")
    return fit(np.ascontiguousarray(small.to_ndarray()))
