"""Pictures for brains to look at."""

import numpy as np

from talkover.core.clock import RATE
from talkover.core.seer.types import Picture, Seen, Word, digest_of
from talkover.server.thinking import Scene, Sight, TimedWord

RED, BLUE = (200, 30, 40), (20, 40, 220)


def plain(colour, size=(48, 64)):
    return np.full((*size, 3), colour, np.uint8)


def noise(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def sight(rgb, at=1.0, words=(), *, blank=False, looked=True):
    """A picture taken at a second, with words as they are read for sure or (word, confidence)."""
    pairs = [(one, 0.9) if isinstance(one, str) else one for one in words]
    found = tuple(Word(text, (0.1, 0.1, 0.5, 0.2), sure) for text, sure in pairs)
    seen = Seen(np.zeros((196, 480), np.float32), (14, 14), found, blank) if looked else None
    return Sight(Picture(rgb, round(at * RATE), "camera", digest_of(rgb)), seen)


def scene(*sights, asked=3.0, sound=None):
    """What is shown, and one word that ends at the second of the question."""
    word = TimedWord("this?", round((asked - 0.2) * RATE), round(asked * RATE))
    return Scene((word,), tuple(sights), sound)
