"""Screens that are shared: windows, with a message in them or without; and lists of two columns."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from PIL import ImageDraw

from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.question import Pixels
from talkover.trainer.seeing.questions.rendering.backgrounds import Size, background
from talkover.trainer.seeing.questions.rendering.camera import (
    canvas_of,
    draw_share,
    draw_shot,
    photograph,
)
from talkover.trainer.seeing.questions.rendering.colours import Colour, mixed
from talkover.trainer.seeing.questions.rendering.fonts import FONTS
from talkover.trainer.seeing.questions.rendering.writing import Box, Side, write

_THEMES: Final[tuple[tuple[Colour, Colour, Colour], ...]] = (
    *(
        ((244, 246, 248), (36, 40, 46), (40, 104, 196)),
        ((34, 38, 44), (226, 230, 234), (84, 150, 240)),
    ),
    *(
        ((252, 250, 244), (58, 48, 40), (176, 84, 40)),
        ((238, 244, 238), (30, 52, 40), (40, 130, 84)),
    ),
    *(
        ((248, 244, 252), (46, 36, 64), (120, 64, 168)),
        ((255, 255, 255), (20, 20, 20), (90, 94, 100)),
    ),
)
"""Of the window, of what is written in it, and of what stands out."""


class Window(NamedTuple):
    """What a screen shows.

    Attributes:
        title: Of the window.
        message: Of a dialog in it; empty: there is no dialog.
        code: Beside the message; empty: there is none.
        buttons: Of the dialog, or of the window.
        chosen: Which of them stands out.
    """

    title: str
    message: str
    code: str
    buttons: Sequence[str]
    chosen: int


def draw_window(window: Window, size: Size, layout: Draws, draws: Draws) -> Pixels:
    """A screen as it is shared.

    Args:
        window: What it shows.
        size: Of the picture, width and height.
        layout: What it is like.
        draws: Of what comes of it on its way.

    Returns:
        uint8 [h, w, 3].
    """
    canvas, _ = background(size, layout)
    theme = layout.one(_THEMES)
    paper, ink, accent = theme
    name = layout.one(FONTS[layout.split])
    pencil = ImageDraw.Draw(canvas)
    edge = layout.whole(6, 24)
    width, height = size
    box = (edge, edge, width - edge, height - edge)
    bar = round(height * layout.between(0.085, 0.11))
    pencil.rectangle(box, paper, mixed(paper, ink, 0.5))
    pencil.rectangle((edge, edge, width - edge, edge + bar), accent)
    title = (edge + 12, edge + 3, width - edge - 80, edge + bar - 3)
    side: Side = "left" if layout.chance(0.6) else "middle"
    write(pencil, window.title, title, name, _on(accent), side=side, most=round(bar * 0.55))
    for place in range(3):
        x = width - edge - 18 - place * 22
        pencil.ellipse(
            (x - 6, edge + bar / 2 - 6, x + 6, edge + bar / 2 + 6), mixed(accent, paper, 0.5)
        )
    body = (edge + 14, edge + bar + 10, width - edge - 14, height - edge - 12)
    _grey(pencil, body, mixed(paper, ink, 0.16), layout)
    if window.message:
        beside, above = width * layout.between(0.11, 0.15), height * layout.between(0.26, 0.36)
        dialog = (beside, above, width - beside, above + height * 0.5)
        pencil.rectangle(tuple(part + 5 for part in dialog), mixed(paper, (0, 0, 0), 0.4))
        _dialog(pencil, window, dialog, name, theme)
    else:
        row = (body[0], body[3] - height * 0.13, body[2], body[3])
        pencil.rectangle(row, paper)
        _buttons(pencil, window, row, name, theme)
    return photograph(canvas, size, draw_share(draws), draws)


def draw_list(
    rows: Sequence[tuple[str, str]], title: str, size: Size, layout: Draws, draws: Draws
) -> Pixels:
    """A list of names with something beside each: on paper, or on a screen.

    Args:
        rows: From the top.
        title: Over them.
        size: Of the picture, width and height.
        layout: What it is like.
        draws: Of the camera.

    Returns:
        uint8 [h, w, 3].
    """
    held = layout.chance(0.5)
    canvas, _ = background(canvas_of(size) if held else size, layout)
    paper, ink, accent = layout.one(_THEMES)
    name = layout.one(FONTS[layout.split])
    pencil = ImageDraw.Draw(canvas)
    width, height = canvas.size
    near = 0.15 if held else 0.05
    box = (width * near, height * near, width * (1 - near), height * (1 - near))
    left, top, right, bottom = box
    pencil.rectangle(tuple(part + 5 for part in box), (40, 40, 44))
    pencil.rectangle(box, paper)
    step = (bottom - top) / (len(rows) + 1.2)
    head = (left + 16, top, right - 16, top + step * 1.1)
    write(pencil, title, head, name, accent, most=round(step * 0.62))
    lined, dotted = layout.chance(0.5), layout.chance(0.4)
    for place, (key, value) in enumerate(rows):
        y = top + step * (place + 1.1)
        if lined:
            pencil.line((left + 14, y, right - 14, y), mixed(paper, ink, 0.3), 1)
        if dotted:
            for x in range(round(left + (right - left) * 0.56), round(right - 110), 9):
                pencil.rectangle(
                    (x, y + step * 0.6, x + 1, y + step * 0.6 + 1), mixed(paper, ink, 0.5)
                )
        size_of = round(step * 0.5)
        beside = (left + 20, y, left + (right - left) * 0.62, y + step)
        write(pencil, key, beside, name, ink, side="left", most=size_of)
        write(
            pencil,
            value,
            (right - 100, y, right - 20, y + step),
            name,
            ink,
            side="right",
            most=size_of,
        )
    shot = draw_shot(draws) if held else draw_share(draws)
    return photograph(canvas, size, shot, draws)


def _on(colour: Colour) -> Colour:
    """What can be read on a colour."""
    return (250, 250, 250) if sum(colour) < 420 else (22, 22, 26)


def _grey(pencil: ImageDraw.ImageDraw, box: Box, grey: Colour, layout: Draws) -> None:
    """Lines and pictures that nobody can read: there is more in a window than what is asked for."""
    left, top, right, bottom = box
    columns = layout.whole(1, 3)
    wide = (right - left) / columns
    for column in range(columns):
        x, y = left + column * wide, top
        while y < bottom - 16:
            high = layout.one((8, 8, 8, 40))
            end = x + wide * layout.between(0.4, 0.92)
            if y + high < bottom:
                pencil.rectangle((x, y, end, y + high), grey)
            y += high + layout.whole(8, 14)


def _dialog(
    pencil: ImageDraw.ImageDraw,
    window: Window,
    box: Box,
    name: str,
    theme: tuple[Colour, Colour, Colour],
) -> None:
    paper, ink, _ = theme
    left, top, right, bottom = box
    high = bottom - top
    pencil.rectangle(box, mixed(paper, ink, 0.05), mixed(paper, ink, 0.6), 2)
    size = round(high * 0.16)
    first = (left + 18, top + high * 0.08, right - 18, top + high * 0.32)
    write(pencil, window.message, first, name, ink, most=size)
    if window.code:
        second = (left + 18, top + high * 0.34, right - 18, top + high * 0.56)
        write(pencil, f"Error {window.code}", second, name, ink, most=size)
    row = (left + 14, top + high * 0.66, right - 14, bottom - high * 0.08)
    _buttons(pencil, window, row, name, theme)


def _buttons(
    pencil: ImageDraw.ImageDraw,
    window: Window,
    row: Box,
    name: str,
    theme: tuple[Colour, Colour, Colour],
) -> None:
    paper, ink, accent = theme
    left, top, right, bottom = row
    step = (right - left) / len(window.buttons)
    for place, text in enumerate(window.buttons):
        box = (left + place * step + 8, top, left + (place + 1) * step - 8, bottom)
        fill = accent if place == window.chosen else mixed(paper, ink, 0.1)
        pencil.rounded_rectangle(box, 5, fill, mixed(paper, ink, 0.5), 1)
        inner = (box[0] + 8, box[1] + 4, box[2] - 8, box[3] - 4)
        write(pencil, text, inner, name, _on(fill), most=round((bottom - top) * 0.55))
