"""From what was sent to a picture that is kept: off the event loop, and the same for all."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image

from talkover.core.errors import PictureError
from talkover.core.seer.decoding import decode
from talkover.core.seer.types import Rgb
from talkover.server.seeing.difference import Sketch, changed, flat, sketch

_QUALITY: Final = 92  # letters stay as they were
_STARTS: Final = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF"}


@dataclass(frozen=True, slots=True, eq=False)
class Developed:
    """A picture that is worth keeping: a JPEG, its sketch, and whether it shows nothing."""

    data: bytes
    sketch: Sketch
    blank: bool


def sent_as(data: bytes, form: str) -> Callable[[], Rgb]:
    """Decodes what a caller sent.

    Args:
        data: As it came.
        form: What it is said to be: JPEG, PNG or WEBP.

    Returns:
        Gives the picture, or raises ``PictureError``: it is none, or not what it was said to be.
    """

    def made() -> Rgb:
        if not data.startswith(_STARTS[form]):
            raise PictureError(f"a picture that is no {form}; say which encoding it has")
        return decode(data)

    return made


def develop(made: Callable[[], Rgb], before: Sketch | None, *, anyway: bool) -> Developed | None:
    """Look whether a picture is worth keeping.

    Args:
        made: Gives it: uint8 [h, w, 3].
        before: What was in view until now; None: nothing.
        anyway: Keep it though nothing in it is new.

    Returns:
        None where it shows what was in view until now.

    Raises:
        PictureError: it cannot be decoded.
    """
    rgb = made()
    drawn = sketch(rgb)
    if before is not None and not anyway and not changed(before, drawn):
        return None
    sink = io.BytesIO()
    # Full colour resolution: thin coloured letters on a screen must stay readable.
    Image.fromarray(rgb).save(sink, "JPEG", quality=_QUALITY, subsampling=0)
    return Developed(sink.getvalue(), drawn, flat(drawn))
