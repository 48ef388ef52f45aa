"""What is passed between those who look: pictures, words in view, and what was seen."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""One picture: uint8 ``[height, width, 3]``, red first, top row first."""

Source = Literal["camera", "screen", "file"]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture and the moment it was taken.

    Attributes:
        rgb: What it shows; its longest side is at most ``LONGEST_SIDE``.
        time: Samples at 16 kHz on the session's media clock.
        source: Where it came from.
        digest: ``digest_of(rgb)``: equal pictures have equal ones.
    """

    rgb: Rgb
    time: int
    source: Source
    digest: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word that is written in a picture.

    Attributes:
        text: The word, as it is written.
        box: Left, top, right and bottom, as shares of the picture's width and height.
        confidence: 0 to 1.
    """

    text: str
    box: tuple[float, float, float, float]
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found in one picture.

    Attributes:
        features: float32 ``[rows * columns, d]``: what the tower makes of each place, row by row.
        grid: Rows and columns of the places.
        words: What is written, in the order it is read.
        blank: The picture shows nothing: it is of one colour.
    """

    features: NDArray[np.float32]
    grid: tuple[int, int]
    words: tuple[Word, ...]
    blank: bool


LONGEST_SIDE = 640
"""Pixels: larger pictures are made smaller when they are decoded."""


def digest_of(rgb: Rgb) -> str:
    """What names a picture: the first 16 hex digits of the sha256 of its size and its bytes."""
    height, width, _ = rgb.shape
    told = hashlib.sha256(f"{height}x{width}:".encode())
    told.update(np.ascontiguousarray(rgb).data)
    return told.hexdigest()[:16]
