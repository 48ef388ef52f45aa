"""Bytes that somebody sent, to a picture; whatever they are, at a bounded cost.

What a file says of itself is looked at before its pixels are: its kind, its size, and of how many
pieces it is (``headers``). Pillow does the decoding, with the three formats that are wanted and no
other.
"""

import io
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from talkover.core.errors import PictureError
from talkover.core.seer.headers import refuse_slow, webp_size
from talkover.core.seer.types import LONGEST_SIDE, Rgb

MAX_BYTES: Final = 16 << 20
"""Bytes of a file, at most."""

MAX_PIXELS: Final = 25_000_000
"""Of a picture, at most: what cameras of 24 megapixels and screens of 6K have."""

SHORTEST_SIDE: Final = 8
"""Pixels, at least: there is nothing to be seen in less."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_WANTED: Final = "send a JPEG, PNG or WebP file"
_ORIENTATION: Final = 0x0112  # the EXIF tag that says how the camera was held
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PAPER: Final = (255, 255, 255)  # what lies behind transparent places


def decode(data: bytes) -> Rgb:
    """Decode a picture, upright, its longest side at most ``LONGEST_SIDE``.

    Of an animation the first picture is taken; what is transparent lies on white.

    Args:
        data: A whole JPEG, PNG or WebP file.

    Raises:
        PictureError: it is none, it is damaged, or it is larger than the limits above.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"a picture of {len(data) / 1e6:.0f} MB is too large; send at most "
            f"{MAX_BYTES / 1e6:.0f} MB"
        )
    refuse_slow(data)
    _refuse_size(webp_size(data))
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _refuse_size(image.size)
            return _upright(image)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"that is no picture that can be read; {_WANTED}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large("more") from None
    except Exception:  # noqa: BLE001 - Pillow's exceptions have no common class
        raise PictureError("the picture is damaged or cut off; send the whole file") from None


def fit(rgb: Rgb) -> Rgb:
    """A picture made smaller, so that its longest side is at most ``LONGEST_SIDE``.

    Raises:
        PictureError: it is no picture, or too small a one.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise PictureError(f"a picture is uint8 [height, width, 3], not {rgb.dtype} {rgb.shape}")
    _refuse_size((rgb.shape[1], rgb.shape[0]))
    if max(rgb.shape) <= LONGEST_SIDE:
        return rgb
    image = Image.fromarray(rgb)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return np.asarray(image)


def _refuse_size(size: tuple[int, int] | None) -> None:
    if size is None:
        return
    if min(size) * min(1.0, LONGEST_SIDE / max(size)) < SHORTEST_SIDE:
        raise PictureError(
            f"a picture of {size[0]}x{size[1]} pixels shows nothing: at {LONGEST_SIDE} on its "
            f"longest side, at least {SHORTEST_SIDE} are needed on the other; send a larger part"
        )
    if size[0] * size[1] > MAX_PIXELS:
        raise _too_large(f"{size[0] * size[1] / 1e6:.0f} million")


def _too_large(pixels: str) -> PictureError:
    return PictureError(
        f"the picture has {pixels} pixels and at most {MAX_PIXELS / 1e6:.0f} million are decoded; "
        f"send it smaller: {LONGEST_SIDE} on its longest side are enough"
    )


def _upright(image: Image.Image) -> Rgb:
    """The pixels of an opened file, smaller, turned as the camera was held, without alpha."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - as above; what is damaged is not the picture
        turn = None
    seen = _plain(image)
    seen.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if seen.mode == "RGBA":
        paper = Image.new("RGBA", seen.size, (*_PAPER, 255))
        seen = Image.alpha_composite(paper, seen)
    seen = seen.convert("RGB")
    return np.array(seen if turn is None else seen.transpose(turn))


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be made smaller; one that can be made smaller as it is read stays so."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("RGB") if image.mode in {"1", "P"} else image
