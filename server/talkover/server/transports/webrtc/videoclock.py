"""When a picture of a video track was taken, on the media clock. Pure.

Packets of a video arrive with delays that change, and decoding adds its own; the timestamps of RTP
(RFC 3550) say how far apart pictures were taken, but not when. The least delay of the last pictures
is taken for the way, and what a picture was later than that for chance. Audio is put on the media
clock when it arrives, so a word and the picture that was shown with it come to lie together.
"""

from collections import deque
from fractions import Fraction
from typing import Final

from talkover.core.clock import RATE, samples

_WINDOW: Final = 64  # pictures
_JUMP: Final = samples(2.0)  # a timestamp that is so far off begins anew


class VideoClock:
    """Places the pictures of one track."""

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=_WINDOW)

    def place(self, timestamp: int, base: Fraction, arrived: int) -> int:
        """When a picture was taken.

        Args:
            timestamp: Of the picture, in units of ``base`` seconds.
            base: Of the timestamps.
            arrived: When it came, on the media clock.

        Returns:
            On the media clock; never later than it came.
        """
        taken = round(timestamp * base * RATE)
        offset = arrived - taken
        if self._offsets and abs(offset - min(self._offsets)) > _JUMP:
            self._offsets.clear()
        self._offsets.append(offset)
        return max(0, taken + min(self._offsets))
