"""A rendered clip: a room in which a clock runs and a bar code says which picture it is."""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

BITS: Final = 12
WIDE: Final = 320
HIGH: Final = 240
Rgb = NDArray[np.uint8]


def picture(number: int, rate: int) -> Rgb:
    """The picture of a number, uint8 [h, w, 3]: seconds as digits, the number as black bars.

    Args:
        number: Counted from 0.
        rate: Pictures a second.
    """
    image = Image.new("RGB", (WIDE, HIGH), (190, 200, 205))
    draw = ImageDraw.Draw(image)
    draw.text((100, 90), f"{number / rate:06.2f}", fill=(30, 30, 90), font_size=40)
    for bit in range(BITS):
        ink = (10, 10, 10) if number >> bit & 1 else (245, 245, 245)
        draw.rectangle((10 + bit * 25, 200, 30 + bit * 25, 230), fill=ink)
    return np.asarray(image)


def encoded(rgb: Rgb, form: str = "JPEG", **more: Any) -> bytes:
    """As a file."""
    sink = io.BytesIO()
    Image.fromarray(rgb).save(sink, form, **more)
    return sink.getvalue()
