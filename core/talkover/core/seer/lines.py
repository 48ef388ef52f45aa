"""Where lines of text are: rectangles around what a detector marked (pure).

The detector says of each pixel how likely it lies in the inner part of a line (differentiable
binarization, Liao et al. 2020). A marked island becomes the smallest rectangle around it, turned as
it lies, and grows by what the detector was trained to leave away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

MARKED: Final = 0.3
"""Likelihood from which on a pixel is in a line."""

LIKELY: Final = 0.5
"""Mean likelihood from which on an island is one."""

GROWTH: Final = 1.6
"""Areas by perimeter that each side moves outwards (Vatti clipping, as PP-OCR is used)."""

MAX_LINES: Final = 48
"""Of a picture, the likeliest first."""

_SMALLEST: Final = 3.0  # pixels: the shorter side of an island
_UPRIGHT: Final = 1.5  # height by width from which on a line runs downwards

Corners = NDArray[np.float32]
"""float32 [4, 2]: top left, top right, bottom right, bottom left; x and y."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line of text.

    Attributes:
        corners: In pixels.
        likelihood: 0 to 1, that it is one.
    """

    corners: Corners
    likelihood: float

    @property
    def tall(self) -> bool:
        """Whether it may run downwards: it may also be a single narrow letter."""
        width, height = sides(self.corners)
        return height >= _UPRIGHT * width


def sides(corners: Corners) -> tuple[float, float]:
    """Width and height of a rectangle, as it lies."""
    along, across = corners[1] - corners[0], corners[3] - corners[0]
    return float(np.hypot(*along)), float(np.hypot(*across))


def find_lines(likelihood: NDArray[np.float32]) -> list[Line]:
    """The lines of a picture, in the order in which they are read.

    Args:
        likelihood: float32 [height, width], 0 to 1: the detector's.
    """
    marked = cv2.dilate((likelihood > MARKED).astype(np.uint8), np.ones((2, 2), np.uint8))
    islands, _ = cv2.findContours(marked, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for island in islands:
        centre, (width, height), angle = cv2.minAreaRect(island)
        if min(width, height) < _SMALLEST:
            continue
        chance = _mean_inside(likelihood, island)
        if chance >= LIKELY:
            grown = GROWTH * width * height / (width + height)
            corners = _corners(centre, width + grown, height + grown, angle)
            found.append(Line(_in_order(corners), chance))
    found.sort(key=lambda line: -line.likelihood)
    return reading_order(found[:MAX_LINES])


def reading_order(lines: Sequence[Line]) -> list[Line]:
    """Rows from the top, each from the left: in one row are those whose middles lie in it."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=_middle):
        row = next((row for row in rows if _in_row(line, row)), None)
        if row is None:
            rows.append([line])
        else:
            row.append(line)
    return [line for row in rows for line in sorted(row, key=_left)]


def _in_row(line: Line, row: list[Line]) -> bool:
    first = row[0].corners[:, 1]
    return float(first.min()) < _middle(line) < float(first.max())


def _middle(line: Line) -> float:
    return float(line.corners[:, 1].mean())


def _left(line: Line) -> float:
    return float(line.corners[:, 0].min())


def _mean_inside(values: NDArray[np.float32], island: NDArray[Any]) -> float:
    """Mean of the values in an island: a single letter such as 7 fills little of a rectangle."""
    left, top, width, height = cv2.boundingRect(island)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [island - np.array([left, top])], 1)
    return float(values[top : top + height, left : left + width][mask > 0].mean())


def _corners(centre: Sequence[float], width: float, height: float, angle: float) -> Corners:
    points = cv2.boxPoints((centre, (width, height), angle))
    return np.asarray(points, np.float32)


def _in_order(corners: Corners) -> Corners:
    """The corners of a rectangle in the order of ``Corners``."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = (pair[np.argsort(pair[:, 1], kind="stable")] for pair in (by_x[:2], by_x[2:]))
    return cast("Corners", np.stack([left[0], right[0], right[1], left[1]]).astype(np.float32))
