"""The rendered clip of the measurement as a camera, and which picture of it one is."""

import asyncio
import time
from fractions import Fraction

import numpy as np
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame
from moments.clip import BITS, HIGH, WIDE, encoded, picture

__all__ = ["BASE", "FPS", "Camera", "encoded", "number_of", "picture"]

FPS = 5
BASE = Fraction(1, 90_000)


def number_of(rgb):
    """Which picture it is."""
    high, wide, _ = rgb.shape
    scale = wide / WIDE
    row = rgb[round(215 * high / HIGH)]
    return sum(1 << bit for bit in range(BITS) if row[round((20 + bit * 25) * scale)].mean() < 128)


class Camera(MediaStreamTrack):
    """Pictures with their numbers on them, five a second."""

    kind = "video"

    def __init__(self, count):
        super().__init__()
        self.taken = []
        self._count = count

    async def recv(self):
        number = len(self.taken)
        if number == self._count:
            await asyncio.Event().wait()
        began = self.taken[0] if self.taken else time.monotonic()
        await asyncio.sleep(max(0.0, began + number / FPS - time.monotonic()))
        self.taken.append(time.monotonic())
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture(number, FPS)), format="rgb24")
        frame.pts, frame.time_base = round((self.taken[-1] - self.taken[0]) * 90_000), BASE
        return frame
