"""Things before a background, with their shadows."""

from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageFilter

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Pixels, Placed
from talkover.trainer.seeing.questions.rendering.backgrounds import Size, background
from talkover.trainer.seeing.questions.rendering.camera import (
    MARGIN,
    Shot,
    canvas_of,
    draw_shot,
    photograph,
)
from talkover.trainer.seeing.questions.rendering.colours import Colour, brightness
from talkover.trainer.seeing.questions.rendering.things import draw_thing, things

_DARK: Final = (26, 26, 30)
_LIGHT: Final = (236, 236, 232)
_SHADOW: Final = 90  # of 255
_DIM: Final = 105  # a background darker than this wants light outlines


def photograph_scene(
    placed: Sequence[Placed], size: Size, layout: Draws, draws: Draws, shot: Shot | None = None
) -> Pixels:
    """A picture of things.

    Args:
        placed: From the back to the front.
        size: Of the picture, width and height.
        layout: Of the background; drawn from, so that two pictures need two of it.
        draws: Of how each thing looks, and of the camera's noise.
        shot: How it is taken; None: it is drawn.

    Returns:
        uint8 [h, w, 3].
    """
    canvas, base = background(canvas_of(size), layout)
    ink = _DARK if brightness(base) > _DIM else _LIGHT
    for one in placed:
        _put(canvas, one, size, ink, draws)
    return photograph(canvas, size, shot or draw_shot(draws), draws)


def _put(canvas: Image.Image, one: Placed, size: Size, ink: Colour, draws: Draws) -> None:
    tile = draw_thing(things()[one.name], one.colour, round(one.size * min(size)), ink, draws)
    x = round((MARGIN + one.x * (1 - 2 * MARGIN)) * canvas.width - tile.width / 2)
    y = round((MARGIN + one.y * (1 - 2 * MARGIN)) * canvas.height - tile.height / 2)
    far = max(2, tile.width // 24)
    dark = Image.new("L", (tile.width + 4 * far, tile.height + 4 * far))
    dark.paste(tile.getchannel("A").point(lambda alpha: alpha * _SHADOW // 255), (2 * far, 2 * far))
    dark = dark.filter(ImageFilter.GaussianBlur(far / 2))
    canvas.paste((0, 0, 0), (x - far, y - far), dark)
    canvas.paste(tile, (x, y), tile)
