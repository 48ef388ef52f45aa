"""Whether a picture shows anything at all (pure)."""

from typing import Final

import numpy as np

from talkover.core.seer.types import Rgb

NEAR: Final = 24
"""Levels of 255 that a pixel may be from the picture's colour: a dark camera's noise."""

SOME: Final = 0.0005
"""Share of pixels that must differ for there to be something: a short word in small letters."""


def is_blank(rgb: Rgb) -> bool:
    """Whether a picture is of one colour: a covered camera, an empty page.

    Args:
        rgb: uint8 [height, width, 3].
    """
    colour = np.median(rgb.reshape(-1, 3), axis=0).astype(np.int16)
    away = np.abs(rgb.astype(np.int16) - colour).max(axis=2)
    return float((away > NEAR).mean()) < SOME
