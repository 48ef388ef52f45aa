"""What is heard, said and seen of one call, on one clock. Pure.

All times are samples at 16 kHz from the item's beginning. A picture has two: when it was on the
media clock, as whoever wrote the item has it, and what its own camera's clock said; if the two do
not run together, one of them is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkover.core.clock import FRAME, RATE
from talkover.core.errors import DataError
from talkover.trainer.data.dirt import Made
from talkover.trainer.data.timing import TimedWord

TOLERANCE: Final = FRAME
"""Samples by which a lane may be off: a frame of 20 ms."""
CAMERA: Final = 90_000
"""Ticks a second of a camera's clock, as RTP has it."""
NONE: Final = -1
"""No picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture of a video lane.

    Attributes:
        at: When it was on the media clock (samples).
        stamp: When it was by the camera's clock (ticks of 1 / 90,000 s).
        pixels: uint8 [height, width, 3].
    """

    at: int
    stamp: int
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """What belongs together.

    Attributes:
        name: Unique.
        caller: float32 [n] at 16 kHz.
        words: That the caller says, with their sounds.
        agent: float32, what the agent says meanwhile; None: there is no such lane.
        pictures: That the caller shows, in order.
        origin: What the camera's clock showed at the item's beginning (ticks).
    """

    name: str
    caller: NDArray[np.float32]
    words: tuple[TimedWord, ...] = ()
    agent: NDArray[np.float32] | None = None
    pictures: tuple[Picture, ...] = ()
    origin: int = 0


def item_of(made: Made) -> Item:
    """An utterance of a recipe or a stream as an item."""
    return Item(made.clean.name, made.pcm, made.clean.words)


def pictures_by_frame(
    pictures: Sequence[Picture], count: int, *, step: int = FRAME
) -> NDArray[np.int64]:
    """Which picture belongs to each frame of audio.

    The nearest one, if it is within half of what usually lies between two pictures (of a frame, if
    that is longer): an older one is stale, and shows something else.

    Args:
        pictures: In order.
        count: Frames of audio.
        step: Samples of a frame.

    Returns:
        int64 [count]: a place in ``pictures``, or ``NONE``.
    """
    found = np.full(count, NONE, np.int64)
    if not pictures:
        return found
    at = np.array([picture.at for picture in pictures])
    usual = float(np.median(np.diff(at))) if len(at) > 1 else step
    middles = np.arange(count) * step + step // 2
    after = (
        np.searchsorted(at, middles).clip(1, len(at) - 1) if len(at) > 1 else np.zeros(count, int)
    )
    before = np.maximum(after - 1, 0)
    nearest = np.where(middles - at[before] <= at[after] - middles, before, after)
    near = np.abs(at[nearest] - middles) <= max(usual, step) / 2
    found[near] = nearest[near]
    return found


def check(item: Item) -> None:
    """See whether the lanes can belong together, from their bookkeeping alone.

    Raises:
        DataError: one does not; the message names the lane, and by how much it is off.
    """
    for fault in faults(item):
        raise DataError(f"{item.name}: {fault}")


def faults(item: Item) -> Iterator[str]:
    """What is wrong, lane by lane."""
    count = len(item.caller)
    if not count or not np.isfinite(item.caller).all():
        yield "caller lane: no sound, or numbers that are none"
    if item.agent is not None and abs(len(item.agent) - count) > TOLERANCE:
        longer = len(item.agent) - count
        than = "longer" if longer > 0 else "shorter"
        yield f"agent lane: {_ms(abs(longer))} {than} than the caller lane"
    yield from _words(item.words, count)
    yield from _pictures(item, count)


def _words(words: Sequence[TimedWord], count: int) -> Iterator[str]:
    edges = [edge for word in words for edge in (word.start, word.end)]
    if edges != sorted(edges):
        yield "words lane: times that go back"
    if edges and (edges[0] < 0 or max(edges) > count):
        outside = max(-edges[0], max(edges) - count)
        yield f"words lane: {_ms(outside)} outside the sound"
    for word in words:
        sounds = [edge for phone in word.phones for edge in (phone.start, phone.end)]
        if sounds != sorted(sounds) or (
            sounds and (sounds[0], sounds[-1]) != (word.start, word.end)
        ):
            yield "sounds lane: times that go back, or leave their word"
            return


def _pictures(item: Item, count: int) -> Iterator[str]:
    if not item.pictures:
        return
    at = np.array([picture.at for picture in item.pictures], np.float64)
    if any(later <= earlier for earlier, later in pairwise(at)):
        yield "video lane: times that stand still or go back"
    if at[0] < -TOLERANCE or at[-1] >= count + TOLERANCE:
        yield f"video lane: {_ms(max(-at[0], at[-1] - count))} outside the sound"
    stamps = np.array([picture.stamp - item.origin for picture in item.pictures], np.float64)
    off = at - stamps * (RATE / CAMERA)
    usual, worst = float(np.median(off)), float(off[np.abs(off).argmax()])
    if abs(usual) > TOLERANCE:
        yield f"video lane: {late_by(usual)} by its camera's clock"
    elif abs(worst) > 2 * TOLERANCE:
        yield f"video lane: it drifts; a picture is {late_by(worst)} by its camera's clock"


def late_by(samples: float) -> str:
    """A lag for people, such as "40 ms early"."""
    return f"{_ms(abs(samples))} {'late' if samples > 0 else 'early'}"


def _ms(samples: float) -> str:
    return f"{samples * 1_000 / RATE:.0f} ms"
