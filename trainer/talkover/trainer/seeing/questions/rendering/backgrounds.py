"""What lies behind things: tables, walls, cloths, tiles, grass. Each layout has its own."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.rendering.colours import Colour, mixed

Size = tuple[int, int]

_BASES: Final[tuple[Colour, ...]] = (
    *((206, 196, 180), (186, 192, 198), (222, 218, 208), (150, 158, 168), (120, 126, 132)),
    *((176, 186, 170), (196, 176, 150), (92, 98, 108), (164, 150, 140), (208, 212, 216)),
    *((140, 150, 142), (232, 226, 212), (70, 76, 84), (178, 168, 182), (158, 176, 186)),
)
"""Muted, so that the things stand out."""
_WOODS: Final[tuple[Colour, ...]] = ((176, 140, 100), (150, 116, 84), (196, 168, 128))
_GRASS: Final = (132, 148, 104)


def background(size: Size, layout: Draws) -> tuple[Image.Image, Colour]:
    """Something to put things on.

    Args:
        size: Width and height (pixels).
        layout: Which.

    Returns:
        RGB, and the colour that most of it has.
    """
    paint = layout.one(_STYLES)
    base = layout.one(_BASES)
    picture, base = paint(size, base, layout)
    grain = cloudy(size, layout.whole(20, 90), layout) * layout.between(4, 16)
    grain += cloudy(size, layout.whole(2, 6), layout) * layout.between(2, 12)
    pixels = np.asarray(picture, np.float32) + grain[..., None]
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8)), base


def cloudy(size: Size, step: int, draws: Draws) -> NDArray[np.float32]:
    """Soft noise, -1 to 1: float32 [h, w].

    Args:
        size: Width and height.
        step: From one hill to the next (pixels).
        draws: Of the hills.
    """
    width, height = size
    shape = (height // step + 2, width // step + 2)
    hills = Image.fromarray(draws.random.integers(0, 256, shape, dtype=np.uint8))
    soft = np.asarray(hills.resize(size, Image.Resampling.BICUBIC), np.float32)
    return soft / np.float32(127.5) - np.float32(1.0)


def _plain(size: Size, base: Colour, layout: Draws) -> tuple[Image.Image, Colour]:
    other = mixed(base, layout.one(_BASES), layout.between(0.2, 0.6))
    ramp = Image.linear_gradient("L").rotate(90 * layout.whole(0, 3)).resize(size)
    return Image.composite(Image.new("RGB", size, other), Image.new("RGB", size, base), ramp), base


def _wood(size: Size, _base: Colour, layout: Draws) -> tuple[Image.Image, Colour]:
    base = layout.one(_WOODS)
    picture = Image.new("RGB", size, base)
    pencil = ImageDraw.Draw(picture)
    plank = layout.whole(size[1] // 6, size[1] // 2)
    for top in range(0, size[1], plank):
        tone = mixed(base, (90, 64, 40), layout.between(0.0, 0.3))
        pencil.rectangle((0, top, size[0], top + plank), tone)
        for _ in range(layout.whole(6, 14)):
            y, bend = top + layout.whole(0, plank), layout.whole(-8, 8)
            line = [(0, y), (size[0] // 2, y + bend), (size[0], y + layout.whole(-6, 6))]
            pencil.line(line, mixed(tone, (60, 40, 24), layout.between(0.1, 0.35)), 1)
        pencil.line((0, top, size[0], top), mixed(tone, (30, 20, 12), 0.6), 2)
    turned = layout.chance(0.4)
    return (picture.rotate(90, expand=True).resize(size) if turned else picture), base


def _cloth(size: Size, base: Colour, layout: Draws) -> tuple[Image.Image, Colour]:
    """Checks or stripes."""
    picture = Image.new("RGB", size, base)
    other = mixed(base, layout.one(_BASES), 0.5)
    over = Image.new("RGBA", size)
    pencil = ImageDraw.Draw(over)
    step = layout.whole(16, 60)
    both = layout.chance(0.5)
    for x in range(0, size[0], 2 * step):
        pencil.rectangle((x, 0, x + step, size[1]), (*other, 150))
    lines = Image.new("RGBA", size)
    if both:
        pencil = ImageDraw.Draw(lines)
        for y in range(0, size[1], 2 * step):
            pencil.rectangle((0, y, size[0], y + step), (*other, 120))
    cloth = Image.alpha_composite(Image.alpha_composite(picture.convert("RGBA"), over), lines)
    return cloth.convert("RGB"), base


def _tiles(size: Size, base: Colour, layout: Draws) -> tuple[Image.Image, Colour]:
    """Tiles or bricks."""
    picture = Image.new("RGB", size, mixed(base, (255, 255, 255), 0.3))
    pencil = ImageDraw.Draw(picture)
    tall = layout.whole(24, 80)
    wide = tall * layout.whole(1, 3)
    gap, shift = layout.whole(1, 4), layout.chance(0.6)
    for row, y in enumerate(range(0, size[1], tall)):
        begin = -(wide // 2) if shift and row % 2 else 0
        for x in range(begin, size[0], wide):
            tone = mixed(base, (40, 40, 44), layout.between(0.0, 0.14))
            pencil.rectangle((x, y, x + wide - gap, y + tall - gap), tone)
    return picture, base


def _grass(size: Size, _base: Colour, layout: Draws) -> tuple[Image.Image, Colour]:
    picture = Image.new("RGB", size, _GRASS)
    pencil = ImageDraw.Draw(picture)
    for _ in range(420):
        x, y = layout.whole(0, size[0]), layout.whole(0, size[1])
        tone = mixed(_GRASS, (70, 88, 50), layout.between(0.0, 0.7))
        pencil.line((x, y, x + layout.whole(-5, 5), y - layout.whole(5, 16)), tone, 2)
    return picture, _GRASS


def _desk(size: Size, base: Colour, layout: Draws) -> tuple[Image.Image, Colour]:
    """A wall over a table, with something out of focus at the back."""
    other = mixed(base, (60, 56, 52), layout.between(0.2, 0.5))
    picture = Image.new("RGB", size, base)
    pencil = ImageDraw.Draw(picture)
    edge = round(size[1] * layout.between(0.3, 0.6))
    for _ in range(layout.whole(2, 6)):
        x, wide = layout.whole(0, size[0]), layout.whole(20, 90)
        tone = mixed(base, layout.one(_BASES), layout.between(0.4, 0.9))
        pencil.rectangle((x, edge - layout.whole(20, 90), x + wide, edge), tone)
    pencil.rectangle((0, edge, *size), other)
    return picture.filter(ImageFilter.GaussianBlur(layout.whole(3, 7))), mixed(base, other, 0.5)


_STYLES: Final[tuple[Callable[[Size, Colour, Draws], tuple[Image.Image, Colour]], ...]] = (
    *(_plain, _wood, _cloth, _tiles, _grass, _desk),
)
