"""Whether two pictures show the same, told from small grey sketches of them. Pure.

A sketch is the brightness of a picture in 128 x 96 blocks. What is new in view, be it one digit,
changes some blocks much; the noise of a camera changes all of them a little. So the largest
difference of a block decides, not the mean, once what an automatic exposure does to all of them
alike is taken off.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from talkover.core.seer.types import Rgb

Sketch = NDArray[np.uint8]
"""uint8 [96, 128]: the mean brightness of each block, whatever the picture's own shape."""

_SIZE: Final = (128, 96)
_NEW: Final = 10  # levels of 255 by which a block must differ
_EXPOSURE: Final = 8  # levels that all blocks may change by
_FLAT: Final = 6  # levels between the darkest and the brightest block of a picture of nothing


def sketch(rgb: Rgb) -> Sketch:
    """The sketch of a picture, uint8 [h, w, 3]."""
    small = Image.fromarray(rgb).convert("L").resize(_SIZE, Image.Resampling.BOX)
    return np.asarray(small)


def changed(before: Sketch, after: Sketch) -> bool:
    """Whether there is something new in view."""
    moved = after.astype(np.int16) - before
    moved -= np.int16(np.clip(np.median(moved), -_EXPOSURE, _EXPOSURE))
    return bool(np.abs(moved).max() >= _NEW)


def flat(drawn: Sketch) -> bool:
    """Whether there is nothing in view: all of it is equally bright."""
    return int(drawn.max()) - int(drawn.min()) < _FLAT
