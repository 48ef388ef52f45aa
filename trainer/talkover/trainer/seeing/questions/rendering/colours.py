"""Colours that have a name, each in many shades."""

from typing import Final

from talkover.trainer.seeing.questions.draws import Draws

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

COLOURS: Final[dict[str, Colour]] = {
    "red": (205, 38, 40),
    "orange": (240, 138, 28),
    "yellow": (240, 212, 48),
    "green": (48, 150, 66),
    "blue": (42, 88, 200),
    "purple": (128, 56, 164),
    "pink": (242, 142, 182),
    "brown": (122, 78, 44),
    "black": (34, 34, 38),
    "white": (240, 240, 236),
}
GREY: Final = "grey"
"""What a thing has in a picture without colours; it is no answer."""
ALSO: Final[dict[str, tuple[str, ...]]] = {
    "red": ("dark red", "bright red", "crimson", "scarlet"),
    "orange": (),
    "yellow": ("gold", "golden"),
    "green": ("dark green", "light green"),
    "blue": ("dark blue", "light blue"),
    "purple": ("violet", "lilac"),
    "pink": ("light pink", "rose"),
    "brown": ("dark brown", "light brown"),
    "black": (),
    "white": ("off white",),
}
"""Other names that are as right."""

_SHADES: Final = 12
_PLAIN: Final = 4  # black and white have no tint


def shade(name: str, draws: Draws) -> Colour:
    """One of the shades of a colour: as bright as it, nearly."""
    light = draws.between(0.9, 1.08)
    most = _PLAIN if name in ("black", "white") else _SHADES
    red, green, blue = (
        max(0, min(255, round(part * light) + draws.whole(-most, most))) for part in COLOURS[name]
    )
    return red, green, blue


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two; ``share`` of the other one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def brightness(colour: Colour) -> float:
    """How bright it looks, 0 to 255 (ITU-R BT.601)."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue
