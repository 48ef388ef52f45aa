"""Signs, plates and notes with a few words on them, and displays with a number."""

from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Pixels
from talkover.trainer.seeing.questions.rendering.backgrounds import Size, background
from talkover.trainer.seeing.questions.rendering.camera import (
    MARGIN,
    canvas_of,
    draw_shot,
    photograph,
)
from talkover.trainer.seeing.questions.rendering.colours import Colour, mixed
from talkover.trainer.seeing.questions.rendering.fonts import FONTS
from talkover.trainer.seeing.questions.rendering.writing import Box, write, write_lines

_BOARDS: Final[tuple[tuple[Colour, Colour], ...]] = (
    *(((250, 250, 246), (24, 24, 28)), ((30, 92, 170), (248, 248, 248))),
    *(((24, 110, 62), (246, 248, 244)), ((190, 34, 36), (252, 248, 244))),
    *(((246, 208, 50), (26, 24, 20)), ((36, 44, 40), (232, 236, 226))),
    *(((244, 234, 200), (70, 44, 26)), ((24, 26, 32), (250, 190, 60))),
    *(((214, 216, 220), (40, 44, 52)), ((250, 236, 120), (40, 44, 110))),
)
"""Of the board, and of what is written on it."""
_SCREENS: Final[tuple[tuple[Colour, Colour], ...]] = (
    *(((28, 8, 8), (255, 70, 50)), ((10, 22, 12), (90, 240, 120)), ((14, 16, 26), (110, 190, 255))),
    *(
        ((172, 188, 160), (28, 34, 26)),
        ((26, 20, 8), (255, 186, 50)),
        ((238, 240, 240), (30, 30, 34)),
    ),
)
_BODIES: Final[tuple[Colour, ...]] = (
    (52, 54, 60),
    (200, 200, 204),
    (150, 120, 90),
    (230, 228, 220),
)
_SEGMENTS: Final = (
    "abcdef",
    "bc",
    "abdeg",
    "abcdg",
    "bcfg",
    "acdfg",
    "acdefg",
    "abc",
    "abcdefg",
    "abcdfg",
)
"""Which of seven segments each digit lights."""
_SEGMENTED: Final = 0.25


def photograph_board(text: str, size: Size, layout: Draws, draws: Draws) -> Pixels:
    """A picture of a sign.

    Args:
        text: On it; one of several words may go over several lines. Empty: there is nothing.
        size: Of the picture, width and height.
        layout: What the sign and what is behind it are like.
        draws: Of the camera.

    Returns:
        uint8 [h, w, 3].
    """
    canvas, _ = background(canvas_of(size), layout)
    board, ink = layout.one(_BOARDS)
    box = _box(canvas.size, layout, tall=0.0 if layout.chance(0.5) else 0.2)
    _plate(canvas, box, board, layout)
    pencil = ImageDraw.Draw(canvas)
    name = layout.one(FONTS[layout.split])
    if layout.chance(0.5):
        edge = layout.whole(6, 12)
        frame = (box[0] + edge, box[1] + edge, box[2] - edge, box[3] - edge)
        pencil.rectangle(frame, outline=ink, width=layout.whole(2, 4))
    lines = _lines(text, capitals=layout.chance(0.7))
    if lines:
        write_lines(pencil, lines, _inner(box, 0.11), name, ink)
    return photograph(canvas, size, draw_shot(draws), draws)


def photograph_display(number: str, size: Size, layout: Draws, draws: Draws) -> Pixels:
    """A picture of something that shows a number.

    Args:
        number: Digits, and what stands between them, such as "." or ":". Empty: it is off.
        size: Of the picture, width and height.
        layout: What the display and what is behind it are like.
        draws: Of the camera.

    Returns:
        uint8 [h, w, 3].
    """
    canvas, _ = background(canvas_of(size), layout)
    box = _box(canvas.size, layout, tall=-0.1)
    screen, ink = layout.one(_SCREENS)
    _plate(canvas, box, layout.one(_BODIES), layout)
    pencil = ImageDraw.Draw(canvas)
    inner = _inner(box, layout.between(0.06, 0.12))
    pencil.rounded_rectangle(inner, layout.whole(2, 10), screen)
    text = _inner(inner, 0.14)
    segmented, name = layout.chance(_SEGMENTED), layout.one(FONTS[layout.split])
    if number and segmented and number.isdigit():
        _write_segments(pencil, number, text, ink, mixed(screen, ink, 0.07))
    elif number:
        write(pencil, number, text, name, ink)
    return photograph(canvas, size, draw_shot(draws), draws)


def _box(size: Size, layout: Draws, *, tall: float) -> Box:
    """Where the board is: somewhere in the middle."""
    wide, high = layout.between(0.52, 0.74), layout.between(0.34, 0.5) + tall
    x = layout.between(MARGIN + 0.03, 1 - MARGIN - 0.03 - wide)
    y = layout.between(MARGIN + 0.03, max(MARGIN + 0.04, 1 - MARGIN - 0.03 - high))
    width, height = size
    return x * width, y * height, (x + wide) * width, (y + high) * height


def _inner(box: Box, share: float) -> Box:
    left, top, right, bottom = box
    x, y = (right - left) * share, (bottom - top) * share
    return left + x, top + y, right - x, bottom - y


def _plate(canvas: Image.Image, box: Box, colour: Colour, layout: Draws) -> None:
    """With a shadow; on a pole, on screws, or just there."""
    left, top, right, bottom = box
    far, radius = layout.whole(3, 8), layout.whole(0, 18)
    dark = Image.new("L", canvas.size)
    shifted = (left + far, top + far, right + far, bottom + far)
    ImageDraw.Draw(dark).rounded_rectangle(shifted, radius, 110)
    canvas.paste((0, 0, 0), (0, 0), dark.filter(ImageFilter.GaussianBlur(far)))
    pencil = ImageDraw.Draw(canvas)
    if layout.chance(0.3):
        middle = (left + right) / 2
        pencil.rectangle((middle - 9, bottom - 4, middle + 9, canvas.height), (126, 128, 132))
    edge = mixed(colour, (0, 0, 0), 0.4)
    pencil.rounded_rectangle(box, radius, colour, edge, layout.whole(1, 3))
    if layout.chance(0.4):
        for x in (left + 10, right - 10):
            for y in (top + 10, bottom - 10):
                pencil.ellipse((x - 3, y - 3, x + 3, y + 3), mixed(colour, (90, 90, 90), 0.6))


def _lines(text: str, *, capitals: bool) -> list[str]:
    words = (text if capitals else text.capitalize()).split()
    if len(words) > 2:
        half = (len(words) + 1) // 2
        return [" ".join(words[:half]), " ".join(words[half:])]
    return words if sum(map(len, words)) > 8 else [" ".join(words)] * bool(words)


def _write_segments(
    pencil: ImageDraw.ImageDraw, number: str, box: Box, lit: Colour, unlit: Colour
) -> None:
    left, top, right, bottom = box
    step = (right - left) / len(number)
    wide = min(step * 0.74, (bottom - top) * 0.62)
    high = min(bottom - top, wide * 2.0)
    thick = max(2.0, wide * 0.17)
    above = (top + bottom - high) / 2
    for place, digit in enumerate(number):
        x = left + place * step + (step - wide) / 2
        for name, bar in _bars(x, above, wide, high, thick).items():
            pencil.rounded_rectangle(
                bar, thick / 3, lit if name in _SEGMENTS[int(digit)] else unlit
            )


def _bars(x: float, y: float, wide: float, high: float, thick: float) -> dict[str, Box]:
    half, gap = y + high / 2, thick * 0.25
    right, bottom = x + wide, y + high
    level = (x + thick * 0.7, right - thick * 0.7)
    return {
        "a": (level[0], y, level[1], y + thick),
        "g": (level[0], half - thick / 2, level[1], half + thick / 2),
        "d": (level[0], bottom - thick, level[1], bottom),
        "f": (x, y + thick / 2 + gap, x + thick, half - gap),
        "b": (right - thick, y + thick / 2 + gap, right, half - gap),
        "e": (x, half + gap, x + thick, bottom - thick / 2 - gap),
        "c": (right - thick, half + gap, right, bottom - thick / 2 - gap),
    }
