"""A rendered clip: a room in which a clock runs and a bar code says which picture it is."""

import asyncio
import io
import time
from fractions import Fraction

import numpy as np
from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame
from PIL import Image, ImageDraw

BITS = 12
WIDE, HIGH = 320, 240
FPS = 5
BASE = Fraction(1, 90_000)


def picture(number, rate):
    """The picture of a number, uint8 [h, w, 3]: seconds as digits, the number as black bars."""
    image = Image.new("RGB", (WIDE, HIGH), (190, 200, 205))
    draw = ImageDraw.Draw(image)
    draw.text((100, 90), f"{number / rate:06.2f}", fill=(30, 30, 90), font_size=40)
    for bit in range(BITS):
        ink = (10, 10, 10) if number >> bit & 1 else (245, 245, 245)
        draw.rectangle((10 + bit * 25, 200, 30 + bit * 25, 230), fill=ink)
    return np.asarray(image)


def number_of(rgb):
    """Which picture it is."""
    high, wide, _ = rgb.shape
    scale = wide / WIDE
    row = rgb[round(215 * high / HIGH)]
    return sum(1 << bit for bit in range(BITS) if row[round((20 + bit * 25) * scale)].mean() < 128)


def encoded(rgb, form="JPEG", **more):
    """As a file."""
    sink = io.BytesIO()
    Image.fromarray(rgb).save(sink, form, **more)
    return sink.getvalue()


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
