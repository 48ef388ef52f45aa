"""Things that can be any colour, drawn from a file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from talkover.core.errors import DataError
from talkover.trainer.seeing.questions.draws import Draws
from talkover.trainer.seeing.questions.rendering.colours import Colour, mixed, shade

_UNITS: Final = 100
_WIDER: Final = ImageFilter.MaxFilter(3)
_NEVER_MIRRORED: Final = ("clock",)
_FINE: Final = 2  # drawn so much larger, then made smaller: no jagged edges
_BLACK: Final = (20, 20, 22)
_WHITE: Final = (250, 250, 248)
_OWN: Final[dict[str, Colour]] = {
    "glass": (176, 206, 222),
    "paper": (238, 232, 214),
    "wood": (112, 74, 44),
    "leaf": (70, 132, 58),
    "gold": (232, 186, 60),
    "grey": (150, 150, 154),
    "black": _BLACK,
    "white": _WHITE,
}
"""Parts that have the same colour whatever the thing has."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stroke of a drawing.

    Attributes:
        colour: A name: ``main``, ``dark``, ``light``, or one of its own.
        shape: How the numbers are read; see things.toml.
        numbers: On a square of 100 by 100.
    """

    colour: str
    shape: str
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be seen.

    Attributes:
        name: What it is called.
        plural: Of that.
        also: Other names that are as right.
        parts: In the order they are drawn.
    """

    name: str
    plural: str
    also: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def with_article(self) -> str:
        """Such as "an umbrella"."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"


@cache
def things() -> dict[str, Thing]:
    """All of them, by name.

    Raises:
        DataError: the file is damaged.
    """
    read = tomllib.loads(files(__package__).joinpath("things.toml").read_text("utf-8"))
    try:
        return {
            name: Thing(name, one["plural"], tuple(one["also"]), tuple(map(_part, one["parts"])))
            for name, one in read.items()
        }
    except (KeyError, ValueError) as error:
        raise DataError(f"things.toml cannot be used: {error}") from None


def draw_thing(thing: Thing, colour: str, size: int, ink: Colour, draws: Draws) -> Image.Image:
    """A thing as nobody has drawn it: turned, stretched, mirrored, shaded, in its own shade.

    Args:
        thing: Which.
        colour: Its name.
        size: Of the longer side (pixels).
        ink: Of its outline.
        draws: Of all the rest.

    Returns:
        RGBA, a little larger than ``size``, transparent where nothing is.
    """
    main = shade(colour, draws)
    palette = {
        **_OWN,
        "main": main,
        "dark": mixed(main, _BLACK, 0.4),
        "light": mixed(main, _WHITE, 0.45),
    }
    large, edge = size * _FINE, max(2, size * _FINE // 12)
    tile = Image.new("RGBA", (large + 2 * edge,) * 2)
    pencil = ImageDraw.Draw(tile)
    for part in thing.parts:
        _stroke(pencil, part, large / _UNITS, edge, (*palette[part.colour], 255))
    if draws.chance(0.4) and thing.name not in _NEVER_MIRRORED:
        tile = tile.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    wide, tall = draws.between(0.86, 1.0), draws.between(0.86, 1.0)
    smaller = (round(tile.width * wide / _FINE), round(tile.height * tall / _FINE))
    tile = _shaded(tile.resize(smaller, Image.Resampling.BOX), draws)
    tile = _outlined(tile, ink, max(1, size // 90))
    return tile.rotate(draws.between(-14, 14), Image.Resampling.BICUBIC, expand=True)


def _part(written: str) -> Part:
    colour, shape, *rest = written.split()
    if shape not in ("poly", "line", "oval", "box", "ring", "arc", "pie"):
        raise ValueError(f"no shape {shape!r} in {written!r}")
    return Part(colour, shape, tuple(float(one) for word in rest for one in word.split(",")))


def _stroke(
    pencil: ImageDraw.ImageDraw,
    part: Part,
    scale: float,
    edge: int,
    fill: tuple[int, int, int, int],
) -> None:
    def at(numbers: tuple[float, ...]) -> list[float]:
        return [edge + number * scale for number in numbers]

    numbers = part.numbers
    match part.shape:
        case "poly":
            pencil.polygon(at(numbers), fill)
        case "line":
            pencil.line(at(numbers[1:]), fill, round(numbers[0] * scale), joint="curve")
        case "oval":
            pencil.ellipse(at(numbers), fill)
        case "box":
            pencil.rounded_rectangle(at(numbers[:4]), sum(numbers[4:]) * scale, fill)
        case "ring":
            pencil.ellipse(at(numbers[1:]), outline=fill, width=round(numbers[0] * scale))
        case "arc":
            width = round(numbers[0] * scale)
            pencil.arc(at(numbers[1:5]), numbers[5], numbers[6], fill, width)
        case _:
            pencil.pieslice(at(numbers[:4]), numbers[4], numbers[5], fill)


def _shaded(tile: Image.Image, draws: Draws) -> Image.Image:
    """Lighter on one side than on the other."""
    strength = draws.between(0.0, 0.28)
    across = draws.chance(0.5)
    count = tile.width if across else tile.height
    ramp = np.linspace(1.0 + strength / 2, 1.0 - strength, count, dtype=np.float32)
    light = ramp[None, :] if across else ramp[:, None]
    pixels = np.asarray(tile, np.float32)
    pixels = np.concatenate([pixels[..., :3] * light[..., None], pixels[..., 3:]], axis=-1)
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8), "RGBA")


def _outlined(tile: Image.Image, ink: Colour, width: int) -> Image.Image:
    silhouette = tile.getchannel("A")
    for _ in range(width):
        silhouette = silhouette.filter(_WIDER)
    under = Image.new("RGBA", tile.size, (*ink, 255))
    under.putalpha(silhouette)
    return Image.alpha_composite(under, tile)
