"""Text in boxes."""

from typing import Literal

from PIL import ImageDraw

from talkover.trainer.seeing.questions.rendering.colours import Colour
from talkover.trainer.seeing.questions.rendering.fonts import Font, fitted, font

Box = tuple[float, float, float, float]
"""Left, top, right, bottom (pixels)."""
Side = Literal["left", "middle", "right"]


def write(
    pencil: ImageDraw.ImageDraw,
    text: str,
    box: Box,
    name: str,
    ink: Colour,
    *,
    side: Side = "middle",
    most: int = 200,
) -> None:
    """Write a line as large as it fits into a box, in the middle of its height.

    Args:
        pencil: Of the picture.
        text: The line.
        box: It fits into.
        name: Of the font.
        ink: Its colour.
        side: Of the box at which it stands.
        most: Size of the font (pixels) at most.
    """
    left, top, right, bottom = box
    chosen = fitted(text, name, right - left, bottom - top)
    if chosen.size > most:
        chosen = font(name, most)
    _write(pencil, text, box, chosen, ink, side)


def write_lines(
    pencil: ImageDraw.ImageDraw, lines: list[str], box: Box, name: str, ink: Colour
) -> None:
    """Write lines below one another, all in the largest size that fits."""
    left, top, right, bottom = box
    height = (bottom - top) / len(lines)
    size = min(int(fitted(line, name, right - left, height * 0.62).size) for line in lines)
    for place, line in enumerate(lines):
        row = (left, top + place * height, right, top + (place + 1) * height)
        _write(pencil, line, row, font(name, size), ink, "middle")


def _write(
    pencil: ImageDraw.ImageDraw, text: str, box: Box, chosen: Font, ink: Colour, side: Side
) -> None:
    left, top, right, bottom = box
    wide, middle = chosen.getlength(text), round((top + bottom) / 2)
    x = {"left": left, "middle": (left + right - wide) / 2, "right": right - wide}[side]
    pencil.text((round(x), middle), text, ink, chosen, anchor="lm")
