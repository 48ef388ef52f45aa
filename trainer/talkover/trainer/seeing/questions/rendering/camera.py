"""What a camera makes of what is before it, and how it can fail to see."""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Pixels
from talkover.trainer.seeing.questions.rendering.backgrounds import Size, cloudy

MARGIN: Final = 0.09
"""Of the width and height of what is drawn: on each side so much may be outside of the picture."""

Corner = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shot:
    """How a picture is taken.

    Attributes:
        corners: Of what is seen, as shares of what is drawn: left top, right top, right bottom,
            left bottom.
        light: How bright the four corners are; 1: as drawn. Same order.
        tint: Of red, green and blue.
        blur: Out of focus (pixels).
        noise: Of the sensor (steps of 255).
        quality: Of the JPEG that it comes as.
    """

    corners: tuple[Corner, Corner, Corner, Corner]
    light: tuple[float, float, float, float]
    tint: tuple[float, float, float]
    blur: float
    noise: int
    quality: int


def draw_shot(draws: Draws) -> Shot:
    """A camera in somebody's hand."""
    far = MARGIN / 2

    def near(x: float, y: float) -> Corner:
        return x + draws.between(-far, far), y + draws.between(-far, far)

    low, high = MARGIN, 1.0 - MARGIN
    warm = draws.between(-0.05, 0.05)
    bright = draws.between(0.86, 1.06)
    return Shot(
        (near(low, low), near(high, low), near(high, high), near(low, high)),
        (
            bright * draws.between(0.84, 1.1),
            bright * draws.between(0.84, 1.1),
            bright * draws.between(0.84, 1.1),
            bright * draws.between(0.84, 1.1),
        ),
        (1.0 + warm, 1.0, 1.0 - warm),
        draws.between(0.0, 0.9),
        draws.whole(0, 9),
        draws.whole(55, 95),
    )


def draw_share(draws: Draws) -> Shot:
    """A shared screen: seen straight, as bright as it is."""
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    ones = (1.0, 1.0, 1.0, 1.0)
    return Shot(corners, ones, ones[:3], 0.0, 0, draws.whole(70, 95))


def canvas_of(size: Size) -> Size:
    """How large something is drawn of which a camera takes a picture."""
    return round(size[0] / (1 - 2 * MARGIN)), round(size[1] / (1 - 2 * MARGIN))


def photograph(drawn: Image.Image, size: Size, shot: Shot, draws: Draws) -> Pixels:
    """A picture of something.

    Args:
        drawn: RGB.
        size: Of the picture, width and height.
        shot: How it is taken.
        draws: Of the sensor's noise.

    Returns:
        uint8 [h, w, 3].
    """
    corners = [(x * drawn.width, y * drawn.height) for x, y in shot.corners]
    seen = drawn.transform(
        size, Image.Transform.PERSPECTIVE, _towards(corners, size), Image.Resampling.BILINEAR
    )
    if shot.blur:
        seen = seen.filter(ImageFilter.GaussianBlur(shot.blur))
    first, second, third, fourth = shot.light
    lamps = np.array([[first, second], [fourth, third]], np.float32)
    across = np.linspace(0.0, 1.0, size[0], dtype=np.float32)[None, :]
    down = np.linspace(0.0, 1.0, size[1], dtype=np.float32)[:, None]
    above = lamps[0, 0] + (lamps[0, 1] - lamps[0, 0]) * across
    below = lamps[1, 0] + (lamps[1, 1] - lamps[1, 0]) * across
    light = above + (below - above) * down
    pixels = np.asarray(seen, np.float32) * light[..., None] * np.array(shot.tint, np.float32)
    if shot.noise:
        high = 2 * shot.noise + 1
        pixels += draws.random.integers(-shot.noise, high - shot.noise, pixels.shape)
    return compressed(np.clip(pixels + 0.5, 0, 255).astype(np.uint8), shot.quality)


def compressed(pixels: Pixels, quality: int) -> Pixels:
    """What is left of a picture after it has been a JPEG of a quality (1 to 95)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def darkened(pixels: Pixels, draws: Draws) -> Pixels:
    """With no light on: nothing can be seen, but some noise."""
    low = pixels.astype(np.float32) * np.float32(draws.between(0.0, 0.02))
    low += draws.random.integers(0, draws.whole(2, 8), pixels.shape)
    return low.astype(np.uint8)


def out_of_focus(pixels: Pixels) -> Pixels:
    """So blurred that nothing can be told from anything else."""
    radius = max(pixels.shape[:2]) / 14
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def covered(pixels: Pixels, draws: Draws) -> Pixels:
    """With a finger over the lens."""
    height, width = pixels.shape[:2]
    skin = np.array(draws.one(_FINGERS), np.float32) * np.float32(draws.between(0.4, 1.0))
    soft = cloudy((width, height), max(width, height) // 2, draws) * np.float32(14)
    return np.clip(skin + soft[..., None], 0, 255).astype(np.uint8)


def without_colour(pixels: Pixels) -> Pixels:
    """In black and white."""
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


_FINGERS: Final = ((168, 104, 84), (112, 70, 56), (84, 52, 44), (150, 96, 92), (60, 56, 58))


def _towards(corners: list[Corner], size: Size) -> tuple[float, ...]:
    """The way from a picture to what is drawn, as Pillow takes it.

    The unit square onto four corners, in closed form: Heckbert (1989), "Fundamentals of texture
    mapping and image warping", section 2.2.3.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    whole = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / whole, (dx1 * sy - sx * dy1) / whole
    width, height = size
    return (
        (x1 - x0 + g * x1) / width,
        (x3 - x0 + h * x3) / height,
        x0,
        (y1 - y0 + g * y1) / width,
        (y3 - y0 + h * y3) / height,
        y0,
        g / width,
        h / height,
    )
