"""A rendered clip: a room in which a clock runs and a bar code says which picture it is."""

import io

import numpy as np
from PIL import Image, ImageDraw

BITS = 12
WIDE, HIGH = 320, 240


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
