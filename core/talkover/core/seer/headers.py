"""What a picture's file says of itself, read before a decoder sees it (pure).

A decoder's work grows with more than the picture: a JPEG may go over it a hundred thousand times, a
PNG may come in a million pieces, a WebP decoder makes room for its whole canvas at once. All three
fit into a few megabytes.
"""

import re
from typing import Final

from talkover.core.errors import PictureError

MAX_SCANS: Final = 64
"""Times that a JPEG may go over its picture; encoders use about ten."""

MAX_PIECES: Final = 8192
"""Segments of a JPEG or chunks of a PNG: large files come in some thousand."""

_MAX_FILLING: Final = 4096  # bytes between the segments of a JPEG that belong to none
_START_OF_SCAN: Final = 0xDA
_SEGMENT: Final = re.compile(rb"\xff([^\x00\x01\xd0-\xd9\xff])")  # JPEG markers that have a length
_PNG: Final = b"\x89PNG\r\n\x1a\n"


def refuse_slow(data: bytes) -> None:
    """Refuse what would take a decoder long for no good reason.

    Raises:
        PictureError: it is of too many pieces; the message says what to send instead.
    """
    if data.startswith(b"\xff\xd8"):
        _check_jpeg(data)
    elif data.startswith(_PNG):
        _check_png(data)


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a WebP file declares.

    None: it is no WebP file, or too short a one.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None

    def number(begin: int, end: int) -> int:
        return int.from_bytes(data[begin:end], "little")

    match data[12:16]:
        case b"VP8X":
            return number(24, 27) + 1, number(27, 30) + 1
        case b"VP8L":
            bits = number(21, 25)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return number(26, 28) & 0x3FFF, number(28, 30) & 0x3FFF
    return None


def _check_jpeg(data: bytes) -> None:
    """Count scans and segments; what lies in a segment is passed over."""
    scans = pieces = filling = 0
    at = 2
    while (found := _SEGMENT.search(data, at)) is not None:
        pieces += 1
        filling += 0 if scans else found.start() - at
        scans += found[1][0] == _START_OF_SCAN
        if scans > MAX_SCANS or pieces > MAX_PIECES:
            raise PictureError(
                f"the JPEG has more than {MAX_SCANS} scans or {MAX_PIECES} segments; save it as a "
                "baseline one"
            )
        at = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    if not scans or filling > _MAX_FILLING:
        raise PictureError("the JPEG is damaged or cut off before its picture; send the whole file")


def _check_png(data: bytes) -> None:
    at = len(_PNG)
    for _ in range(MAX_PIECES):
        if at >= len(data):
            return
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    raise PictureError(f"the PNG has more than {MAX_PIECES} chunks; save it anew")
