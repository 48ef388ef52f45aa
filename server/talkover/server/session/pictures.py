"""The caller's video lane: the newest good picture, checked before it is kept."""

import asyncio
import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image

from talkover.core.errors import ProtocolError
from talkover.v1 import media_pb2

_FORMATS: Final = {
    media_pb2.IMAGE_ENCODING_JPEG: "JPEG",
    media_pb2.IMAGE_ENCODING_PNG: "PNG",
    media_pb2.IMAGE_ENCODING_WEBP: "WEBP",
}
_LARGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be decoded.

    Attributes:
        taken_at: On the media clock.
        data: As it came.
        width: Pixels.
        height: Pixels.
    """

    taken_at: int
    data: bytes
    width: int
    height: int


class Pictures:
    """Keeps the newest picture: what a question about "this" would mean."""

    def __init__(self) -> None:
        self.newest: Picture | None = None

    async def keep(self, frame: media_pb2.VideoFrame, now: int) -> None:
        """Check a picture off the event loop and keep it.

        Raises:
            ProtocolError: it cannot be decoded, or is not what it says it is, or too large.
        """
        taken_at = frame.taken_at or now
        if not 0 <= taken_at <= now:
            raise ProtocolError("a picture from the future; taken_at is on the media clock")
        width, height = await asyncio.to_thread(_check, frame.data, _FORMATS[frame.encoding])
        if self.newest is None or taken_at >= self.newest.taken_at:
            self.newest = Picture(taken_at, frame.data, width, height)


def _check(data: bytes, form: str) -> tuple[int, int]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a decompression bomb is a warning to Pillow
            with Image.open(io.BytesIO(data), formats=[form]) as image:
                width, height = image.size
                if max(width, height) <= _LARGEST:
                    image.load()
    except Exception:  # noqa: BLE001 - Pillow raises many kinds for a damaged file
        raise ProtocolError(f"a picture that cannot be decoded as {form}") from None
    if max(width, height) > _LARGEST:
        raise ProtocolError(f"a picture over {_LARGEST} pixels; send a smaller one")
    return width, height
