"""Charts: bars that stand, bars that lie, and pies, with what they are called beside them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from PIL import Image, ImageDraw

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Pixels
from talkover.trainer.seeing.questions.rendering.backgrounds import Size
from talkover.trainer.seeing.questions.rendering.camera import draw_share, photograph
from talkover.trainer.seeing.questions.rendering.colours import COLOURS, Colour, mixed
from talkover.trainer.seeing.questions.rendering.fonts import FONTS
from talkover.trainer.seeing.questions.rendering.writing import Box, write

_PAPERS: Final[tuple[tuple[Colour, Colour], ...]] = (
    *(((255, 255, 255), (40, 42, 48)), ((246, 244, 238), (60, 52, 44))),
    *(((30, 34, 42), (224, 228, 234)), ((234, 240, 248), (30, 44, 70))),
)
_FILLS: Final = ("red", "orange", "green", "blue", "purple", "yellow", "pink")


class Bars(NamedTuple):
    """What a chart shows.

    Attributes:
        names: Of each part.
        values: Above 0, all different.
        title: Over it.
    """

    names: Sequence[str]
    values: Sequence[int]
    title: str


def draw_chart(bars: Bars, size: Size, layout: Draws, draws: Draws) -> Pixels:
    """A chart as it is shared.

    Args:
        bars: What it shows.
        size: Of the picture, width and height.
        layout: What it is like; a pie shows no values but beside its names.
        draws: Of the camera.

    Returns:
        uint8 [h, w, 3].
    """
    paper, ink = layout.one(_PAPERS)
    picture = Image.new("RGB", size, paper)
    pencil = ImageDraw.Draw(picture)
    name = layout.one(FONTS[layout.split])
    width, height = size
    top = round(height * layout.between(0.05, 0.09))
    write(pencil, bars.title, (width * 0.1, top, width * 0.9, top + height * 0.08), name, ink)
    same = layout.chance(0.5)
    fills = layout.several(_FILLS, len(bars.names))
    colours = [COLOURS[fills[0] if same else fill] for fill in fills]
    box = (width * 0.06, top + height * 0.13, width * 0.94, height * layout.between(0.93, 0.97))
    style = layout.one(("standing", "standing", "lying", "pie"))
    if style == "standing":
        _standing(pencil, bars, box, colours, (name, ink, paper))
    elif style == "lying":
        _lying(pencil, bars, box, colours, (name, ink, paper))
    else:
        _pie(pencil, bars, box, [COLOURS[fill] for fill in fills], (name, ink, paper))
    return photograph(picture, size, draw_share(draws), draws)


_Style = tuple[str, Colour, Colour]
"""The font, the ink, and the paper."""


def _standing(
    pencil: ImageDraw.ImageDraw, bars: Bars, box: Box, colours: list[Colour], style: _Style
) -> None:
    name, ink, paper = style
    left, top, right, bottom = box
    row = (bottom - top) * 0.11
    floor, step = bottom - row, (right - left) / len(bars.names)
    room = floor - top - row
    for line in range(1, 5):
        y = floor - room * line / 4
        pencil.line((left, y, right, y), mixed(paper, ink, 0.18), 1)
    for place, (title, value) in enumerate(zip(bars.names, bars.values, strict=True)):
        x = left + place * step
        high = floor - room * value / max(bars.values)
        pencil.rectangle((x + step * 0.2, high, x + step * 0.8, floor), colours[place])
        size = round(row * 0.75)
        write(pencil, str(value), (x, high - row, x + step, high - 2), name, ink, most=size)
        below = (x + 3, floor + 3, x + step - 3, bottom)
        write(pencil, title, below, name, ink, most=size)
    pencil.line((left, floor, right, floor), ink, 2)


def _lying(
    pencil: ImageDraw.ImageDraw, bars: Bars, box: Box, colours: list[Colour], style: _Style
) -> None:
    name, ink, _ = style
    left, top, right, bottom = box
    step = (bottom - top) / len(bars.names)
    begin, room = left + (right - left) * 0.26, (right - left) * 0.6
    for place, (title, value) in enumerate(zip(bars.names, bars.values, strict=True)):
        y = top + place * step
        end = begin + room * value / max(bars.values)
        size = round(min(step * 0.5, 26))
        beside = (left, y, begin - 8, y + step)
        write(pencil, title, beside, name, ink, side="right", most=size)
        pencil.rectangle((begin, y + step * 0.2, end, y + step * 0.8), colours[place])
        after = (end + 6, y, right + (right - left) * 0.04, y + step)
        write(pencil, str(value), after, name, ink, side="left", most=size)
    pencil.line((begin, top, begin, bottom), ink, 2)


def _pie(
    pencil: ImageDraw.ImageDraw, bars: Bars, box: Box, colours: list[Colour], style: _Style
) -> None:
    name, ink, paper = style
    left, top, right, bottom = box
    side = min(bottom - top, (right - left) * 0.52)
    middle = (top + bottom - side) / 2
    round_box = (left, middle, left + side, middle + side)
    begin, whole = -90.0, sum(bars.values)
    step = min((bottom - top) / len(bars.names), 52.0)
    for place, (title, value) in enumerate(zip(bars.names, bars.values, strict=True)):
        end = begin + 360.0 * value / whole
        pencil.pieslice(round_box, begin, end, colours[place], paper, 2)
        begin = end
        y = (top + bottom - step * len(bars.names)) / 2 + place * step
        x = left + side + 22
        pencil.rectangle((x, y + step * 0.28, x + step * 0.44, y + step * 0.72), colours[place])
        beside = (x + step * 0.6, y, right, y + step)
        written = f"{title} {value}"
        write(pencil, written, beside, name, ink, side="left", most=round(step * 0.5))
